"""Words other mills use, on purpose not taken from the reader's own tables, and the spellings of units."""

from collections.abc import Mapping

# ruff: noqa: E501 - one field stays on one line
# What mills write above a column. Some are in the reader's tables, many are not: it has to ask then.
OTHERS: Mapping[str, tuple[str, ...]] = {
    "lot_ref": ("Lot-ID", "Artikel-Nr.", "Materialnummer", "Item code", "Stock ID", "N° de lot", "Nº Lote", "Cod. articolo", "Tilausnumero", "Partinummer", "Numer", "Our ref.", "Auftr.-Nr.", "HU"),
    "grade_raw": ("Sortenbezeichnung", "Papier", "Paper quality", "Grade name", "Tipologia", "Tipo papel", "Nature du papier", "Kartongsort", "Paperi", "Gatunek papieru", "Stoffbezeichnung", "Material description"),
    "product_name": ("Produktbezeichnung", "Artikel", "Product name", "Marque", "Prodotto", "Denominación"),
    "gsm": ("Gramm.", "Fl.-Gew.", "Flächenmasse", "Nom. gsm", "Sub.", "GSM nominal", "Gr. mq", "Gramaje nominal", "Gramm/m2", "Neliömassa", "Gramatura nom.", "m²-Gewicht", "Basisgewicht"),
    "width_mm": ("Rollenbr.", "Arbeitsbreite", "Trim", "Reel w.", "Roll width", "Larg.", "Larghezza bobina", "Ancho útil", "Laize nette", "Rullaleveys", "Banbredd", "Szer. roli", "Maschinenbreite"),
    "sheet_l_mm": ("Länge", "Sheet len.", "Lunghezza", "Longueur"),
    "format": ("Bogenmaß", "Sheet size (w x l)", "Formato cm", "Medidas pliego", "Format feuille", "Arkin koko", "Arkformat"),
    "diameter_mm": ("Außen-Ø", "Rollen-Ø", "OD max.", "Diam. esterno", "Diámetro ext.", "Diam. ext.", "Ulkohalk.", "Ytterdia.", "Śr. zewn.", "D max"),
    "core_mm": ("Hülsen-Ø", "Hülseninnen-Ø", "Core ID", "Ø anima", "Ø mandril", "Ø mandrin", "Hylsy Ø", "Hylsa Ø", "Gilza Ø", "Core dia."),
    "diameter_core": ("Ø / Hülse", "Dia / core", "Diam./anima", "Ø ext. / mandrin"),
    "reel_count": ("Anzahl Rl.", "Rollen Stk.", "No. rolls", "Nr. bobine", "Nº de bobinas", "Nbre de bobines", "Rullat kpl", "Antal rullar", "Liczba rolek", "# rolls"),
    "pallet_count": ("Pal.", "No. of plts", "N. pallet", "Nº de palés", "Nbre palettes", "Lavoja kpl"),
    "sheet_count": ("Bogenanzahl", "No. of sheets", "Numero fogli", "Nº de hojas", "Nbre de feuilles"),
    "weight_net_kg": ("Netto-Gew.", "Gew. netto", "Weight (net)", "Net wt.", "Peso netto tot.", "Peso neto", "Poids total", "Netto paino", "Nettovikt", "Waga netto", "verfügbar", "Bestand", "Disponibile qtà", "Tonaż"),
    "weight_alt": ("Weight lbs", "Pounds"),
    "quality_class": ("Q-Klasse", "Qualitätsstufe", "Q-class", "Sorting", "Livello qualità", "Clasificación", "Classement", "Laatulk.", "Kvalitetskl.", "Klasa jakości"),
    "price": ("VK-Preis", "Preis ab Werk", "Ask", "Price ex works", "Prezzo franco", "Precio venta", "Prix départ", "Myyntihinta", "Försäljningspris", "Cena netto"),
    "location_place": ("Lagerstelle", "Ladestelle", "Stock point", "Deposito", "Almacén", "Site de stockage", "Varastopaikka", "Lagerplats", "Skład"),
    "available_from": ("Verfügbar ab", "Avail. from", "Disponibile da", "Disponible a partir", "Disponible le", "Vapautuu", "Ledig från"),
    "production_date": ("Prod.-Datum", "Date made", "Data prod.", "Fecha prod.", "Date prod."),
    "remarks": ("Bem.", "Zusatzinfo", "Rem.", "Annotazioni", "Obs.", "Commentaire", "Lisätieto", "Övrig info", "Uwagi dod."),
    "surplus_reason": ("Sperrgrund", "Reason code", "Causale", "Causa", "Cause", "Syykoodi"),
    "certification": ("FSC/PEFC", "Zert.", "CoC claim", "Certif."),
    "caliper_um": ("Dicke", "Caliper", "Spessore", "Épaisseur"),
    "form": ("Ausführung", "Form factor", "Presentación"),
}  # fmt: skip

NONSENSE = ("Zxq", "Kolumne 7", "Feld_3", "F_12", "KENNZ2", "attr5", "XX", "Var. B", "tmp", "Unnamed: 4")

# Columns a mill's system adds and a buyer does not need: header and how its cells look.
FOREIGN: tuple[tuple[str, str], ...] = (
    ("Kunde", "name"), ("Customer", "name"), ("Bearbeiter", "name"), ("Gestellt von", "name"), ("Photo", "link"),
    ("Lagerwert EUR", "money"), ("Stock value", "money"), ("Valore stock €", "money"), ("Valeur stock EUR", "money"),
    ("Alter Tage", "days"), ("Age days", "days"), ("Giorni", "days"), ("Jours en stock", "days"),
    ("Zolltarifnr.", "tariff"), ("HS code", "tariff"), ("PM", "machine"), ("Maschine", "machine"),
    ("Lfm", "metres"), ("Length m", "metres"), ("Metri lineari", "metres"), ("kg/Rolle", "each"), ("Reel weight kg", "each"),
    ("Brutto kg", "gross"), ("Gross weight kg", "gross"), ("Peso lordo kg", "gross"), ("EAN", "ean"), ("Interne Notiz", "name"),
    ("Weiße CIE", "white"), ("Whiteness", "white"), ("Feuchte %", "moisture"), ("Moisture %", "moisture"), ("", "blank"),
)  # fmt: skip

LENGTH = {
    "mm": ("mm", "Mm", "(mm)", "[mm]"),
    "cm": ("cm", "(cm)", "CM"),
    "m": ("(m)", "[m]"),
    "in": ("inch", "in.", '"'),
}
WEIGHT = {
    "kg": ("kg", "Kg", "(kgs)", "[kg]"),
    "t": ("t", "(t)", "to", "MT"),
    "lb": ("lbs", "(lb)"),
    "short_ton": ("short tons", "sh. tons"),
}
GSM = {
    "g/m2": ("g/m²", "g/m2", "gsm", "[g/qm]", "gr/m2"),
    "lb/3000ft2": ("lb/3000 ft2", "lbs/3MSF"),
    "lb/msf": ("lb/MSF", "lbs/1000 sq ft"),
}
PRICE = {
    "per_t": ("{c}/t", "{c} per tonne", "{c}/to"), "per_kg": ("{c}/kg",), "per_100kg": ("{c}/100 kg", "{c}/100kg"),
    "per_lb": ("{c}/lb",), "per_cwt": ("{c}/cwt",), "per_short_ton": ("{c}/short ton",),
}  # fmt: skip
SPELLED = {
    "width_mm": LENGTH, "diameter_mm": LENGTH, "core_mm": LENGTH, "sheet_w_mm": LENGTH, "sheet_l_mm": LENGTH,
    "weight_net_kg": WEIGHT, "gsm": GSM,
}  # fmt: skip
