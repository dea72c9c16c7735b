"""Small lists that a hasty reader gets wrong without noticing; written like those of ``odd_lists``."""

# ruff: noqa: E501 - a row of a list stays on one line
from tests.support.odd_lists import OddList

TRAPS: tuple[OddList, ...] = (
    OddList("class in a remark", """
        Los|Sorte|g/m²|Breite mm|Menge kg|Bemerkung
        CR1|Testliner 2|=125|=2300|=5140|III. Wahl, Flecken
        CR2|Testliner 2|=135|=2100|=3120|I. Wahl
        CR3|Wellenstoff|=105|=2300|=6100|C-Ware
        CR4|Wellenstoff|=105|=2300|=6100|I. Wahl und III. Wahl gemischt
        CR5|Wellenstoff|=105|=2300|=6100|
        """, "quality_class=C\nquality_class=PRIME\nquality_class=C\nrejected unknown_class\nquality_class=B"),
    OddList("class and reason as a heading over the lots", """
        Ref|Grade|gsm|Width mm|Net kg
        PRIME SIDE RUNS||||
        CS1|Kraftliner brown|=125|=430|=2140
        OFF-GRADE||||
        CS2|Kraftliner brown|=140|=2300|=6100
        """, "quality_class=PRIME surplus_reason=SIDE_RUN\nquality_class=C surplus_reason=None", "SE", "en"),
    OddList("class headings below each grade", """
        Los|g/m²|Breite mm|Menge kg
        Testliner 2|||
        III. Wahl|||
        A1|=125|=2300|=5140
        Wellenstoff|||
        A2|=105|=2300|=6100
        """, "grade_code=TL_2 quality_class=C\ngrade_code=FL_REC quality_class=B"),
    OddList("class in the name of the sheet", """
        Ref|Grade|gsm|Width mm|Net kg
        CN3|Kraftliner brown|=140|=2300|=6100
        """, "quality_class=C", "SE", "en", sheet="Off grade"),
    OddList("two classes in the title", """
        STOCKLOT LIST - 2ND QUALITY / OFF-GRADE MATERIAL||||
        Ref|Grade|gsm|Width mm|Net kg
        CN3|Kraftliner brown|=140|=2300|=6100
        """, "rejected unknown_class", "SE", "en"),
    OddList("sold and kept lots told in long remarks", """
        Los|Sorte|g/m²|Breite mm|Menge kg|Bemerkung
        SR1|Testliner 2|=125|=2300|=5140|bereits verkauft an Kunde in Polen, Abholung KW 48
        SR2|Testliner 2|=135|=2100|=3120|nur komplett, unverkauft
        SR3|Wellenstoff|=105|=2300|=6100|reserviert für Stammkunde bis Freitag 27.11.
        SR4|Wellenstoff|=105|=2200|=6100|wird nur komplett verkauft
        SR5|Wellenstoff|=105|=2200|=6100|nicht reserviert
        """, "rejected sold\nlot_ref=SR2\nrejected sold\nlot_ref=SR4\nlot_ref=SR5"),
    OddList("a remark that goes on in a row of its own", """
        Los|Sorte|g/m²|Breite mm|Menge kg|Bemerkung
        RR1|Testliner 2|=125|=2300|=5140|
        |||||Kantenschaden, Transport Hamburg
        RR2|Testliner 2|=135|=2100|=3120|
        """, "defects=EDGE_DAMAGE location_place=None\nlocation_place=None remarks=None"),
    OddList("a weight of another size than its reel", """
        Lot|Grade|gsm|Width mm|Net weight
        W1|Kraftliner brown|140|2300|5140
        W2|Kraftliner brown|140|2300|12.5
        W3|Kraftliner brown|125|2300|8200
        W4|Kraftliner brown|125|2100|7100
        """, "weight_net_kg=5140\nrejected size_and_weight\nweight_net_kg=8200\nweight_net_kg=7100", "SE", "en"),
    OddList("a colour that the grade cannot have", """
        Lot|Description|gsm|Width mm|Net kg
        GB1|Testliner 2 white|=125|=2300|=2000
        GB2|Non-coated LWC|=50|=1000|=2000
        """, "rejected ambiguous_grade\nrejected ambiguous_grade", "GB", "en"),
    OddList("a number of something beside a sheet size", """
        Los|Sorte|g/m²|Format cm|Anzahl|Gewicht kg
        PA1|Offset|=80|70x100|=4|=2480
        PA2|Offset|=90|64x90|=2|=1240
        """, "form=sheet reel_count=None\nform=sheet reel_count=None"),
    OddList("a total under another column", """
        N° lot|Sorte|g/m²|Laize mm|Poids kg|Prix €/t
        FA1|Testliner 2|=125|=2300|=5140|=480
        FA2|Testliner 2|=135|=2100|=3120|475*
        |||TOTAL GENERAL|=8260|
        * prix négociable|||||
        """, "price=480\nprice=475", "FR", "fr"),
    OddList("weight and number in one cell, sizes of a reel in another", """
        Los|Sorte|g/m²|Rolle|Menge|Preis €/t
        T1|Wellenstoff|=105|2450 mm, Ø 1250, H 100|18,4 t / 9 Rollen|=430
        T2|Testliner 3|=115|2400 x 1250 x 100|12,2 t / 6 Rollen|=455
        T3|Testliner 2|=135|2200 mm, Ø 1250, H 100|9.800 kg / 5 Rollen|=485
        """, """
        width_mm=2450 diameter_mm=1250 core_mm=100 weight_net_kg=18400 reel_count=9
        width_mm=2400 diameter_mm=1250 core_mm=100 weight_net_kg=12200 reel_count=6
        weight_net_kg=9800 reel_count=5
        """),
    OddList("everything in the name of the product", """
        Pos;Bezeichnung;Menge kg;Preis
        1;Bilderdruck glänzend 135 g 70x100 cm SB;1.350;890 €/to
        2;Offset 80 g/m² 63 x 88 cm BB;3.120;a.A.
        3;Testliner 2 125 g Rolle 2300 mm Ø 1250;5.140;480 €/to
        """, """
        form=sheet gsm=135 grade_code=WFC_GLOSS sheet_w_mm=700 sheet_l_mm=1000 grain=long weight_net_kg=1350 price=890
        form=sheet gsm=80 grade_code=WFU sheet_w_mm=630 sheet_l_mm=880 grain=short price=None
        form=reel gsm=125 grade_code=TL_2 width_mm=2300 diameter_mm=1250
        """, kind="csv"),
    OddList("reels and sheets under one format, counted in words", """
        Los|Sorte|Grammatur|Format|Anzahl|Gewicht|Preis
        A1|Offset|80 g/qm|70 x 100 cm|4 Pal.|2.480 kg|690 €/t
        A2|Offset|90 g/qm|Rolle 88 cm|3 Rollen|2.350 kg|700 €/t
        A3|Offset|90 g/qm|880 mm|2 Rollen|1.560 kg|700 €/t
        """, """
        form=sheet sheet_w_mm=700 pallet_count=4 reel_count=None
        form=reel width_mm=880 reel_count=3 pallet_count=None
        form=reel width_mm=880 reel_count=2
        """),
    OddList("metres of paper on a reel", """
        Los|Sorte|g/m²|Breite mm|Länge m|Gewicht kg
        RL1|Testliner 2|=125|=2300|=6000|=1725
        RL2|Testliner 2|=135|=2100|=5500|=1559
        """, "form=reel width_mm=2300\nform=reel width_mm=2100"),
    OddList("basis weight by its basic size, thousands of sheets", """
        Lot #;Product;Basis Wt (25x38-500);Size (in);M Sheets;Pounds;$/cwt
        S1;Uncoated offset;60;19 x 25;30;1800;39.75
        S2;Uncoated offset;70;25 x 38;12.5;1750;39.75
        """, "gsm=88.8 sheet_w_mm=483 sheet_count=30000 weight_net_kg=816.5\ngsm=103.6 sheet_l_mm=965 sheet_count=12500", "US", "en", "csv"),
    OddList("money per piece, quantities that are no quintals", """
        Los|Sorte|g/m²|Breite mm|Rollen|Menge kg|EUR/St
        P1|Testliner 2|=125|=2300|=2|=3140|=780
        P2|Testliner 2|=135|=2100|=3|=4620|=790
        """, "ask price_unit_unknown"),
    OddList("planned days of production", """
        Grade|Grammage|Trim width|Est. tons|Production date
        FBB GC1|=235|=620|=14.5|2026-12-07
        FBB GC1|=255|=540|=9.8|2026-10-09
        FBB GC1|=255|=580|=8.5|
        """, "available_from=2026-12-07 weight_net_kg=14500\navailable_from=None\navailable_from=None", "FI", "en"),
    OddList("czech list", """
        Č. šarže|Druh papíru|Plošná hmotnost|Šířka mm|Průměr mm|Dutinka mm|Počet rolí|Hmotnost kg|Jakost|Cena Kč/kg|Poznámka
        B1|Testliner 2|=125|=2100|=1250|=100|=3|=4680|I. jakost|=11.5|
        B2|Pytlový papír hnědý|=80|=1020|=1200|=150|=4|=3010|II. jakost|=21|poškozené okraje
        Celkem||||||=7|=7690|||
        """, """
        grade_code=TL_2 gsm=125 width_mm=2100 diameter_mm=1250 core_mm=100 reel_count=3 quality_class=PRIME price=11.5 currency=CZK price_unit=per_kg
        grade_code=SACK_BROWN quality_class=B defects=EDGE_DAMAGE
        """, "CZ", "cs"),
    OddList("turkish list", """
        Stok Kodu;Ürün;Gr/m²;Ebat (cm);Tabaka;Palet;Kg;Birim Fiyat TL/kg
        S1;Kuşe Parlak;115;70x100;12.000;2;966;38,50
        S2;1. Hamur Ofset;80;64x90;9.000;2;414,7;39,20
        """, "form=sheet grade_code=WFC_GLOSS sheet_w_mm=700 sheet_count=12000 pallet_count=2 price=38.5 currency=TRY\ngrade_code=WFU weight_net_kg=414.7", "TR", "tr", "csv"),
    OddList("danish list", """
        Varenr.|Papirtype|Gramvægt|Bredde mm|Ruller|Nettovægt kg|Pris EUR/t|Bemærkning
        D1|Testliner 2|=125|=2100|=3|=4680|=470|
        D2|Kraftliner brun|=140|=2300|=2|=3400|=600|annulleret ordre
        I alt||||=5|=8080||
        """, "grade_code=TL_2 width_mm=2100 reel_count=3\ngrade_code=KL_BROWN surplus_reason=CANCELLED", "DK", "da"),
    OddList("hungarian list", """
        Cikkszám;Papírfajta;Grammsúly;Szélesség mm;Tekercs db;Nettó súly kg;Egységár Ft/kg
        H1;Testliner 2;125;2100;3;4 680;190
        H2;Testliner 3;110;2300;2;3 400;180
        """, "price=190 currency=HUF price_unit=per_kg weight_net_kg=4680\nprice=180 grade_code=TL_3", "HU", "hu", "csv"),
    OddList("units in a note above the list", """
        Maße in cm, Gewichte in Tonnen, Preise in € / t frei Werk
        Los|Sorte|Gewicht g/m²|Breite|Durchmesser|Hülse|Rollen|Menge|Preis
        M1|Sackkraft braun|=80|=102|=120|=15|=6|=4.55|=890
        M2|Sackkraft braun|=90|=96|=120|=15|=4|=2.85|=870
        M3|Sackkraft braun|=90|=110|=120|=15|=4|=3.2|=870
        """, """
        width_mm=1020 diameter_mm=1200 core_mm=150 weight_net_kg=4550 price=890
        width_mm=960 core_mm=150
        width_mm=1100
        """),
    OddList("a column for the grain", """
        Réf;Qualité;g/m²;Format cm;Sens;Palettes;Feuilles;Tonnage;Prix €/t
        1201;Couché mat;150;72x102;sens long;2;9000;0,992;830
        1202;Carton GD2 dos gris;400;70x100;sens court;6;12000;3,360;520
        1203;Offset;120;64x90;;1;6000;0,415;700
        """, "grain=long\ngrain=short weight_net_kg=3360\ngrain=None", "FR", "fr", "csv"),
    OddList("words cut short, numbers of packages", """
        N.º;Descripción;Gram. (g/m²);Ancho bob. (cm);Diám. ext. (cm);N.º bob.;Hojas por palet;Peso neto (Tm);Precio (€/Tm)
        1;Papel prensa;45,0;140,0;125;12;;13,250;490
        2;Papel prensa;48,8;70,0;125;6;;3,410;440
        """, "lot_ref=1 gsm=45 width_mm=1400 diameter_mm=1250 reel_count=12 weight_net_kg=13250\nreel_count=6 sheet_count=None", "ES", "es", "csv"),
    OddList("weeks of planned side runs", """
        PM|Quality|Grammage (g/m²)|Available width (mm)|Approx. tonnage|Week|Remark
        PM 1|Kraftliner brown|=125|=410|=18|w49|
        PM 2|White top kraftliner|=135|=380|=11|w51|
        """, "width_mm=410 weight_net_kg=18000 available_from=2026-11-30\navailable_from=2026-12-14", "SE", "en"),
    OddList("grammage in the name against the column", """
        Los|Bezeichnung|g/m²|Format cm|Menge kg
        F1|Offset 90 g|=80|63x88|=1200
        F2|Offset 80 g|=80|70x100|=1100
        """, "rejected conflict\ngsm=80"),
    OddList("grammage in the heading of a section", """
        Los|Breite mm|Ø mm|Rollen|kg|€/t
        Testliner 2 braun, 125 g/m²|||||
        1|=2300|max. 1250|=3|=5140|=480
        Wellenstoff 105 g/m²|||||
        2|=2300|bis 1250 mm|=4|=6100|=430
        """, "grade_code=TL_2 gsm=125 diameter_mm=1250\ngrade_code=FL_REC gsm=105 diameter_mm=1250"),
    OddList("a column that only gives the unit", """
        Materialnr.|Kurztext|Menge|ME|Breite|Grammatur
        4000123|Testliner 2|=5140|KG|=2300|=125
        4000124|Testliner 3|=3120|KG|=2100|=110
        """, "lot_ref=4000123 grade_code=TL_2 weight_net_kg=5140\nweight_net_kg=3120"),
    OddList("pieces where the unit column says so", """
        Materialnr.|Kurztext|Menge|ME|Breite|Grammatur
        4000123|Testliner 2|=3|ROL|=2300|=125
        4000124|Testliner 3|=2|ROL|=2100|=110
        """, "ask"),
    OddList("quantities that say what they count", """
        Lot|Grade|gsm|Sheet size mm|Qty|Weight kg
        1|FBB GC1|=240|700 x 1000|4 pallets|=2900
        2|FBB GC1|=250|720 x 1020|3 pallets|=2200
        """, "pallet_count=4 weight_net_kg=2900\npallet_count=3", "SE", "en"),
    OddList("romanian list", """
        Nr. lot|Sortiment|Gramaj|Latime mm|Diametru mm|Nr. bobine|Greutate neta kg|Calitate|Pret EUR/t
        RO1|Testliner 2|=125|=2100|=1250|=3|=4690|I|=450
        RO2|Hartie offset|=80|=860|=1200|=2|=1550|II|=740
        """, "grade_code=TL_2 width_mm=2100 diameter_mm=1250 reel_count=3 quality_class=PRIME\ngrade_code=WFU quality_class=B", "RO", "ro"),
    OddList("width and diameter under each other's names", """
        Lot|Grade|gsm|Width mm|Diameter mm|Core mm|Reels|Net kg
        T1|LWC|=60|=1000|=1380|=76|=2|=2338
        T2|LWC|=60|=1000|=840|=76|=3|=2135
        T3|LWC|=60|=1250|=960|=76|=1|=1276
        T4|LWC|=60|=1250|=1260|=76|=2|=3348
        T5|LWC|=60|=1000|=700|=76|=4|=2372
        T6|LWC|=60|=1000|=1540|=76|=2|=2609
        """, "ask units_doubtful", "SE", "en"),
    OddList("money and place told above the list", """
        All prices in USD ex warehouse Antwerp
        Lot|Grade|gsm|Width mm|Net kg|Price per MT
        1|FBB GC1|=240|=900|=4100|=820
        2|FBB GC2|=250|=980|=4200|=780
        """, "price=820 currency=USD location_place=Antwerp location_country=BE\ncurrency=USD", "FI", "en"),
    OddList("money told below the list", """
        Lot|Grade|gsm|Width mm|Net kg|Price per tonne
        1|Kraftliner brown|=140|=2300|=5100|=520
        2|Kraftliner brown|=140|=2100|=4200|=520
        |||||
        Prices in EUR, EXW mill. Validity two weeks.|||||
        """, "currency=EUR price=520\ncurrency=EUR", "SE", "en"),
    OddList("two kinds of money told above the list", """
        Prices in EUR for Europe, in USD overseas
        Lot|Grade|gsm|Width mm|Net kg|Price per MT
        1|FBB GC1|=240|=900|=4100|=820
        2|FBB GC2|=250|=980|=4200|=780
        """, "ask currency_unknown", "FI", "en"),
    OddList("dollars of Canada", """
        Lot|Grade|g/m2|Width (in)|Net kg|$/tonne
        1|Newsprint|=45|=54|=11400|=820
        2|Newsprint|=45|=27.5|=5810|=820
        """, "currency=CAD price=820\ncurrency=CAD", "CA", "en"),
)  # fmt: skip
