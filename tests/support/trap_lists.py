"""Small lists that a hasty reader gets wrong without noticing; written like those of ``odd_lists``."""

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
)  # fmt: skip
