"""Small lists as mills really send them, one habit each, with what a careful person reads in them.

A row is written with ``|`` between cells; ``=12.5`` is a number, everything else text. What is expected is a line per
lot, ``field=value``, or ``rejected CODE``; ``ask CODE`` means the list waits for a person with this question.
"""

# ruff: noqa: E501 - a row of a list stays on one line
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OddList:
    name: str
    rows: str
    expected: str
    country: str = "DE"
    language: str = "de"
    kind: str = "xlsx"  # xlsx, csv (with ;), text
    sheet: str = "Liste"


CASES: tuple[OddList, ...] = (
    OddList("tonnes behind the number", """
        Los|Sorte|g/m²|Breite mm|Menge|Preis
        A1|Testliner 2|=120|=2400|12,5 t|545 €/t
        A2|Testliner 3|=110|=1850|8,25 to|498,- €/t
        A3|Wellenstoff|=105|=2100|24 to|a.A.
        """, """
        lot_ref=A1 weight_net_kg=12500 price=545 currency=EUR price_unit=per_t
        lot_ref=A2 weight_net_kg=8250 price=498
        lot_ref=A3 weight_net_kg=24000 price=None
        """),
    OddList("width with a dot for thousands", """
        Los|Sorte|g/m²|Format mm|Menge kg
        B1|Offset|=80|1.020 x 720|=3200
        B2|Offset|=90|1.000 x 700|=2800
        """, "lot_ref=B1 sheet_w_mm=1020 sheet_l_mm=720\nlot_ref=B2 sheet_w_mm=1000 sheet_l_mm=700"),
    OddList("two header rows with group names directly above", """
        Los|Sorte|g/m²|Format cm||Gewicht kg
        |||Breite|Länge|
        C1|Bilderdruck matt|=135|=64|=90|=1200
        C2|Bilderdruck glänzend|=115|=70|=100|=900
        C3|Offset|=80|=72|=102|=2400
        """, """
        lot_ref=C1 form=sheet sheet_w_mm=640 sheet_l_mm=900
        lot_ref=C2 sheet_w_mm=700 sheet_l_mm=1000
        lot_ref=C3 sheet_w_mm=720 sheet_l_mm=1020
        """),
    OddList("two in one cell as 2 x 76", """
        Lotto|Tipo carta|gr/mq|Fascia cm|Diam. cm|Anima mm|N° bobine|Peso kg
        D1|Uso mano|=80|=70|=120|2 x 76|=2|=1250
        D2|Uso mano|=90|=63|=120|=76|=2|=1120
        D3|Uso mano|=90|=63|=120|=76|=2|=1120
        """, "lot_ref=D1 rejected several_widths\nlot_ref=D2 core_mm=76 width_mm=630\nlot_ref=D3 width_mm=630", "IT", "it"),
    OddList("grammage as a small range", """
        Lot|Grade|gsm|Width mm|Net kg
        E1|Kraftliner brown|120-125|=2300|=8200
        E2|Kraftliner brown|115-185|=2300|=8200
        E3|Kraftliner brown|125|=2300|=8200
        """, "lot_ref=E1 gsm=122.5\nlot_ref=E2 rejected not_a_number\nlot_ref=E3 gsm=125", "SE", "en"),
    OddList("width with a tolerance", """
        Lot|Grade|gsm|Width mm|Net kg
        F1|Kraftliner brown|125|1250 +/- 2|=8200
        F2|Kraftliner brown|125|1250 ±2 mm|=8200
        F3|Kraftliner brown|125|=1300|=8200
        """, "lot_ref=F1 width_mm=1250\nlot_ref=F2 width_mm=1250\nlot_ref=F3 width_mm=1300", "SE", "en"),
    OddList("dates in words", """
        Los|Sorte|g/m²|Breite mm|Menge kg|Verfügbar ab
        G1|Testliner 2|=120|=2400|=12500|KW 48
        G2|Testliner 2|=120|=2400|=12500|Mitte Dezember
        G3|Testliner 2|=120|=2400|=12500|Ende Januar 2027
        G4|Testliner 2|=120|=2400|=12500|sofort
        G5|Testliner 2|=120|=2400|=12500|nach Absprache
        G6|Testliner 2|=120|=2400|=12500|01.12.2026
        """, """
        lot_ref=G1 available_from=2026-11-23
        lot_ref=G2 available_from=2026-12-15
        lot_ref=G3 available_from=2027-01-31
        lot_ref=G4 available_from=None
        lot_ref=G5 rejected bad_date
        lot_ref=G6 available_from=2026-12-01
        """),
    OddList("polish list", """
        Nr partii|Gatunek papieru|Gramatura g/m2|Szerokość cm|Średnica cm|Gilza mm|Ilość rolek|Waga kg|Cena EUR/t|Uwagi
        P1|Testliner 2|=125|=230|=120|=100|=3|=4970|=455|uszkodzone krawędzie
        P2|Fluting|=105|=210|=120|=100|=5|=6900|=420|
        P3|Kraftliner brązowy|=140|=215|=130|=100|=2|=3990|=610|anulowane zamówienie
        Razem|||||||=15860||
        """, """
        lot_ref=P1 grade_code=TL_2 width_mm=2300 diameter_mm=1200 core_mm=100 reel_count=3 price=455
        lot_ref=P2 grade_code=FL_REC
        lot_ref=P3 grade_code=KL_BROWN surplus_reason=CANCELLED
        """, "PL", "pl"),
    OddList("portuguese list in csv", """
        Lote;Tipo de papel;Gramagem (g/m2);Largura (mm);Diâmetro (mm);Mandril (mm);Bobinas;Peso líquido (kg);Preço (€/t)
        X1;Testliner 2;125;2300;1200;100;3;4.970;455,00
        X2;Fluting;105;2100;1200;100;5;6.900;420,00
        X3;Kraftliner castanho;140;2150;1300;100;2;3.990;610,00
        """, "lot_ref=X1 weight_net_kg=4970 price=455\nlot_ref=X2 weight_net_kg=6900\nlot_ref=X3 weight_net_kg=3990 grade_code=KL_BROWN", "PT", "pt", "csv"),
    OddList("dutch list", """
        Partijnr|Papiersoort|Gramgewicht|Rolbreedte cm|Aantal rollen|Gewicht kg|Keuze|Prijs per ton
        N1|Houtvrij offset|=80|=63|=4|=1850|eerste keus|€ 790
        N2|Houtvrij offset|=90|=86|=6|=3900|2e keus|€ 640
        N3|Golfpapier|=105|=210|=6|=8200|B|op aanvraag
        """, "lot_ref=N1 grade_code=WFU quality_class=PRIME price=790 price_unit=per_t currency=EUR\nlot_ref=N2 quality_class=B\nlot_ref=N3 price=None", "NL", "nl"),
    OddList("two tables side by side", """
        Lot|Grade|gsm|Width mm|Net kg||Lot|Grade|gsm|Width mm|Net kg
        S1|LWC|=60|=1000|=2000||S4|SC-A|=52|=1200|=3000
        S2|LWC|=57|=1100|=2100||S5|SC-A|=54|=1250|=3100
        S3|LWC|=54|=1200|=2200||S6|SC-B|=52|=1300|=3200
        """, "ask", "SE", "en"),
    OddList("a list turned by 90 degrees", """
        Lot|T1|T2|T3|T4
        Grade|Testliner 2|Testliner 2|Testliner 3|Fluting
        gsm|=120|=125|=110|=105
        Width mm|=2400|=2100|=1850|=2100
        Net weight kg|=8000|=7000|=6500|=9100
        Price EUR/t|=520|=525|=480|=450
        """, "ask turned", "SE", "en"),
    OddList("notes below the table", """
        Lot|Grade|gsm|Width mm|Net kg|EUR/t
        U1|LWC|=60|=1000|=2000|=600
        U2|LWC|=57|=1100|=2100|=610
        U3|LWC|=54|=1200|=2200|=620
        |||||
        Prices EXW mill, 60 days net. Reels 1250 mm, cores 76 mm.|||||
        Best regards, Anna Berg|||||
        """, "lot_ref=U1 gsm=60\nlot_ref=U2 gsm=57\nlot_ref=U3 gsm=54", "SE", "en"),
    OddList("words for a price to be agreed", """
        Los|Sorte|g/m²|Breite mm|Menge kg|Preis €/t
        V1|Testliner 2|=120|=2400|=12500|VB
        V2|Testliner 2|=120|=2400|=12500|auf Anfrage
        V3|Testliner 2|=120|=2400|=12500|520 VB
        V4|Testliner 2|=120|=2400|=12500|verhandelbar
        V5|Testliner 2|=120|=2400|=12500|Gebot
        V6|Testliner 2|=120|=2400|=12500|=540
        """, "lot_ref=V1 price=None\nlot_ref=V2 price=None\nlot_ref=V3 price=520\nlot_ref=V4 price=None\nlot_ref=V5 price=None\nlot_ref=V6 price=540"),
    OddList("remarks with measures inside", """
        Los|Sorte|g/m²|Breite mm|Menge kg|Bemerkung
        W1|Testliner 2|=120|=2400|=12500|1 Rolle 1180 mm breit
        W2|Testliner 2|=120|=2400|=12500|Kantenschaden 20 mm
        W3|Testliner 2|=120|=2400|=12500|
        """, "lot_ref=W1 width_mm=2400\nlot_ref=W2 width_mm=2400 defects=EDGE_DAMAGE\nlot_ref=W3 width_mm=2400"),
    OddList("header in row 25", "\n".join(["Papierfabrik Muster|||||"] * 24) + """
        Los|Sorte|g/m²|Breite mm|Menge kg
        Y1|Testliner 2|=120|=2400|=12500
        Y2|Testliner 2|=120|=2400|=12500
        """, "lot_ref=Y1 gsm=120\nlot_ref=Y2 gsm=120"),
    OddList("first columns empty, all in capitals", """
        |||LOS-NR|SORTE|FLÄCHENGEWICHT|BREITE MM|MENGE KG|WAHL
        |||Z1|TESTLINER 2|=120|=2400|=12500|I. WAHL
        |||Z2|WELLENSTOFF|=105|=2100|=12500|II. WAHL
        """, "lot_ref=Z1 grade_code=TL_2 quality_class=PRIME\nlot_ref=Z2 grade_code=FL_REC quality_class=B"),
    OddList("stock corrections below zero", """
        Los|Sorte|g/m²|Breite mm|Menge kg
        AA1|Testliner 2|=120|=2400|=12500
        AA2|Testliner 2|=120|=2400|=-1200
        AA3|Testliner 2|=120|=2400|-800 kg
        """, "lot_ref=AA1 weight_net_kg=12500\nlot_ref=AA2 rejected out_of_range\nlot_ref=AA3 rejected out_of_range"),
    OddList("a sum below every section", """
        Los|Sorte|g/m²|Breite mm|Menge kg
        Testliner||||
        AB1|Testliner 2|=120|=2400|=1000
        AB2|Testliner 2|=120|=2400|=2000
        Summe Testliner||||=3000
        Wellenstoff||||
        AB3|Wellenstoff|=105|=2100|=1500
        Summe Wellenstoff||||=1500
        Gesamt||||=4500
        """, "lot_ref=AB1 weight_net_kg=1000\nlot_ref=AB2 weight_net_kg=2000\nlot_ref=AB3 weight_net_kg=1500"),
    OddList("sums without a word", """
        Los|Sorte|g/m²|Breite mm|Menge kg
        AC1|Testliner 2|=120|=2400|=1000
        AC2|Testliner 2|=120|=2400|=2000
        AC3|Testliner 2|=120|=2300|=2500
        ||||=5500
        """, "lot_ref=AC1 weight_net_kg=1000\nlot_ref=AC2 weight_net_kg=2000\nlot_ref=AC3 weight_net_kg=2500"),
    OddList("grade in the name of the sheet", """
        Los|g/m²|Breite mm|Menge kg
        AD1|=120|=2400|=1000
        AD2|=125|=2400|=2000
        AD3|=135|=2300|=2500
        """, "lot_ref=AD1 grade_code=TL_2\nlot_ref=AD2 grade_code=TL_2\nlot_ref=AD3 grade_code=TL_2", sheet="Testliner 2"),
    OddList("numbers typed with an apostrophe", """
        Los|Sorte|g/m²|Breite mm|Menge kg
        AE1|Testliner 2|'120|'2400|12'500
        AE2|Testliner 2|'125|'2400|8'250
        AE3|Testliner 2|'125|'2400|9’400
        """, "lot_ref=AE1 gsm=120 width_mm=2400 weight_net_kg=12500\nlot_ref=AE2 weight_net_kg=8250\nlot_ref=AE3 weight_net_kg=9400", "CH", "de"),
    OddList("units in a row below", """
        Item|Grade|Basis weight|Width|Diameter|Core|Rolls|Weight|Price
        ||gsm|cm|cm|mm|pcs|MT|EUR/MT
        AF1|Kraftliner brown|=140|=215|=130|=100|=2|=3.99|=610
        AF2|Kraftliner brown|=140|=215|=130|=100|=4|=7.98|=610
        AF3|Kraftliner brown|=170|=215|=130|=100|=4|=7.98|=610
        """, "lot_ref=AF1 width_mm=2150 diameter_mm=1300 core_mm=100 weight_net_kg=3990 price=610\nlot_ref=AF2 weight_net_kg=7980\nlot_ref=AF3 gsm=170", "SE", "en"),
    OddList("tab separated lines in a mail", """
        Dear all,
        please find our surplus below, prices EUR/t EXW Hull (GB).

        Lot\tGrade\tgsm\tWidth mm\tReels\tNet kg\tPrice
        AG1\tLWC\t60\t1000\t2\t2000\t600
        AG2\tSC-A\t52\t1200\t3\t3400\t560

        Best regards
        """, "lot_ref=AG1 grade_code=LWC price=600 price_unit=per_t\nlot_ref=AG2 grade_code=SC_A", "GB", "en", "text"),
    OddList("width in metres", """
        Los|Sorte|g/m²|Breite m|Ø m|Rollen|Menge t
        AH1|Testliner 2|=120|=2.4|=1.25|=2|=4.05
        AH2|Testliner 2|=120|=1.85|=1.25|=2|=3.1
        AH3|Testliner 2|=120|=2.05|=1.2|=3|=4.75
        """, "lot_ref=AH1 width_mm=2400 diameter_mm=1250 weight_net_kg=4050\nlot_ref=AH2 width_mm=1850\nlot_ref=AH3 width_mm=2050"),
    OddList("grammage, certificate and class inside the grade", """
        Lot|Description|Width mm|Net kg
        AI1|RECYCLED MEDIUM 112 GSM - FSC MIX CREDIT CERTIFIED|=2400|=5000
        AI2|Testliner 2 125 g/m² II. Wahl|=2400|=5000
        AI3|WFC gloss 115 gsm|=900|=2000
        """, "lot_ref=AI1 grade_code=FL_REC gsm=112 certification=FSC\nlot_ref=AI2 grade_code=TL_2 gsm=125 quality_class=B\nlot_ref=AI3 grade_code=WFC_GLOSS gsm=115", "SE", "en"),
    OddList("north american list", """
        Product|BW|RW|Max DIA|KGS|Qty(LBS)|UNIT
        LINER XP|112 GSM|215.6 CM|147 CM|7,855|17,317|3
        RECYCLED MEDIUM|127 GSM|198.1 CM|147 CM|6,210|13,691|3
        UNBLEACHED KRAFTLINER|42#|84"|58"|5,260|11,596|2
        """, "grade_raw='LINER XP' rejected ambiguous_grade\ngrade_code=FL_REC gsm=127 width_mm=1981 diameter_mm=1470 reel_count=3 weight_net_kg=6210\nrejected unit_unknown", "CA", "en"),
    OddList("basis weights with their basic size", """
        Lot|Grade|Basis weight|Width in|Net lbs|Price USD/cwt
        AJ1|Offset|60# text|=23|=4200|=42
        AJ2|Offset|50 lb text|=25.5|=3800|=41
        AJ3|Folding boxboard GC1|80# cover|=30|=5000|=48
        """, "lot_ref=AJ1 gsm=88.8 width_mm=584 weight_net_kg=1905.1\nlot_ref=AJ2 gsm=74.0\nlot_ref=AJ3 gsm=216.3", "US", "en"),
    OddList("reels and sheets one below the other", """
        Rollen
        Los|Sorte|g/m²|Breite mm|Ø mm|Menge kg
        AK1|Offset|=80|=700|=1200|=580
        AK2|Offset|=90|=860|=1200|=700

        Formate
        Los|Sorte|g/m²|Format cm|Menge kg
        AK3|Offset|=80|70x100|=900
        AK4|Offset|=90|64x90|=800
        """, "lot_ref=AK1 form=reel width_mm=700\nlot_ref=AK2 form=reel\nlot_ref=AK3 form=sheet sheet_w_mm=700 sheet_l_mm=1000\nlot_ref=AK4 sheet_l_mm=900"),
    OddList("weight of one reel and the number of reels", """
        Los|Sorte|g/m²|Breite mm|Rollen|Rollengewicht kg
        AL1|Testliner 2|=120|=2400|=3|=1900
        AL2|Testliner 2|=120|=2400|=2|=1850
        """, "lot_ref=AL1 weight_net_kg=5700 reel_count=3\nlot_ref=AL2 weight_net_kg=3700"),
    OddList("weight column per reel but called weight", """
        Lot|Grade|gsm|Width mm|Dia mm|Core mm|Reels|Weight kg
        AM1|Testliner 2|=125|=2300|=1250|=100|=6|=1870
        AM2|Testliner 2|=125|=2100|=1250|=100|=8|=1710
        AM3|Testliner 3|=110|=1900|=1250|=100|=5|=1520
        """, "ask", "SE", "en"),
    OddList("thousands in the header", """
        Los|Sorte|g/m²|Format cm|Bogen in Tsd.|Menge kg|Preis EUR je 1000 Bogen
        AN1|Offset|=80|70x100|=12.5|=700|=44.8
        AN2|Offset|=90|64x90|=10|=518|=41.5
        AN3|Offset|=90|64x90|=10|=518|=41.5
        """, "lot_ref=AN1 sheet_count=12500 price_unit=per_1000_sheets\nlot_ref=AN2 sheet_count=10000\nlot_ref=AN3 sheet_count=10000"),
    OddList("grade numbers of waste paper", """
        Los|Sorte|g/m²|Breite mm|Menge kg
        AO1|1.04 Kaufhausaltpapier|=120|=1000|=20000
        AO2|Testliner 2|=120|=1000|=2000
        """, "lot_ref=AO1 grade_code=BROKE\nlot_ref=AO2 grade_code=TL_2"),
    OddList("sold and reserved lots", """
        Los|Sorte|g/m²|Breite mm|Menge kg|Status
        AP1|Testliner 2|=120|=2400|=2000|verkauft
        AP2|Testliner 2|=120|=2400|=2000|frei
        AP3|Testliner 2|=120|=2400|=2000|reserviert bis 30.11.
        """, "lot_ref=AP1 rejected sold\nlot_ref=AP2 weight_net_kg=2000\nlot_ref=AP3 rejected sold"),
    OddList("class letters as the grade header", """
        Lot|Quality|gsm|Width mm|Net kg|Paper
        AQ1|A|=60|=1000|=2000|LWC
        AQ2|B|=60|=1000|=2000|LWC
        AQ3|A|=60|=1000|=2000|SC-A
        """, "lot_ref=AQ1 grade_code=LWC quality_class=A\nlot_ref=AQ2 quality_class=B\nlot_ref=AQ3 grade_code=SC_A", "SE", "en"),
    OddList("american dates and thousands", """
        Lot #|Grade|Basis weight gsm|Width (in)|Net Wt (lbs)|Avail Date
        AR1|SBS C1S|=270|=38 1/2|12,450|12/14/2026
        AR2|SBS C1S|=270|38-1/2"|9,210|01/05/2027
        AR3|SBS C1S|=270|=40|8,000|
        """, "lot_ref=AR1 width_mm=978 weight_net_kg=5647.2 available_from=2026-12-14\nlot_ref=AR2 width_mm=978 available_from=2027-01-05\nlot_ref=AR3 width_mm=1016", "US", "en"),
    OddList("a unit column", """
        Lot|Grade|gsm|Width mm|Qty|UoM
        AS1|LWC|=60|=1000|=2.5|t
        AS2|LWC|=60|=1000|=3100|kg
        AS3|LWC|=60|=1000|=2.75|t
        """, "ask", "SE", "en"),
    OddList("counts with words and grammage in the name", """
        Lot|Product|Width|Rolls|Weight
        AV1|Testliner 2 125 g|=2100|2 rolls|=5000
        AV2|Testliner 3 110g|=2200|3 rolls|=6000
        AV3|Fluting 100 g|=2300|1 roll|=2500
        """, "lot_ref=AV1 gsm=125 reel_count=2 grade_code=TL_2\nlot_ref=AV2 gsm=110\nlot_ref=AV3 gsm=100 grade_code=FL_REC", "SE", "en"),
    OddList("decimal comma without digits before it", """
        Los;Sorte;g/m²;Breite mm;Menge t;Preis EUR/kg
        AU1;Testliner 2;120;2400;12,5;,545
        AU2;Testliner 2;120;2400;8,250;0,498
        AU3;Testliner 2;120;2400;9;0,5
        """, "lot_ref=AU1 weight_net_kg=12500 price=0.545\nlot_ref=AU2 weight_net_kg=8250\nlot_ref=AU3 weight_net_kg=9000", kind="csv"),
)  # fmt: skip
