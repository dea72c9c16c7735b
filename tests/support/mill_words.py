"""What mills write, by language: headers, grades, classes, reasons and the rows around a list."""

# ruff: noqa: E501 - one field stays on one line
LANGUAGES = ("en", "de", "it", "es", "fr", "fi", "sv", "nl", "pl", "pt")

_HEADERS = """
lot_ref      | Lot no, Item, Ref.     | Los-Nr., Partie, Pos.    | Lotto, Partita, Codice   | Lote, Partida, Ref.      | N° lot, Réf., Commande   | Erä, Tuotenro         | Parti, Artikelnr       | Partij, Partijnr        | Partia, Nr partii       | Lote, Referência
grade_raw    | Grade, Paper type      | Sorte, Papiersorte       | Tipo carta, Qualità      | Calidad, Tipo de papel   | Sorte, Désignation       | Laji, Paperilaji      | Kvalitet, Sort         | Soort, Papiersoort      | Gatunek, Rodzaj papieru | Tipo de papel, Qualidade
gsm          | Grammage, Basis weight | Flächengewicht, Grammatur| Grammatura               | Gramaje                  | Grammage, Force          | Neliöpaino            | Ytvikt                 | Gramgewicht, Grammage   | Gramatura               | Gramatura, Gramagem
width_mm     | Width, Reel width      | Breite, Rollenbreite     | Larghezza, Fascia        | Ancho, Ancho bobina      | Laize, Largeur           | Leveys, Rullan leveys | Bredd, Rullbredd       | Breedte, Rolbreedte     | Szerokość               | Largura
diameter_mm  | Diameter, Max dia      | Durchmesser, Ø           | Diametro, Ø              | Diámetro, Ø              | Diamètre, Diam.          | Halkaisija            | Diameter               | Diameter                | Średnica                | Diâmetro
core_mm      | Core, Core ID          | Hülse, Kern              | Anima, Mandrino          | Mandril, Buje            | Mandrin                  | Hylsy                 | Hylsa                  | Huls, Koker             | Gilza, Tuleja           | Mandril, Tubete
reel_count   | Reels, No of rolls     | Rollen, Anz. Rollen      | Bobine, N° bobine        | Bobinas, N° bobinas      | Bobines, Nb bobines      | Rullia                | Rullar, Antal rullar   | Aantal rollen, Rollen   | Ilość rolek             | Bobinas, N° bobinas
format       | Sheet size, Size       | Format, Bogenformat      | Formato, Misure          | Formato, Medidas         | Format, Dimensions       | Koko, Arkkikoko       | Format, Arkformat      | Formaat                 | Format, Wymiary         | Formato
sheet_w_mm   | Sheet width            | Bogenbreite              | Larghezza foglio         | Ancho hoja               | Largeur feuille          | Arkin leveys          | Arkbredd               | Velbreedte              | Szerokość arkusza       | Largura folha
sheet_l_mm   | Sheet length           | Bogenlänge               | Lunghezza foglio         | Largo hoja               | Longueur feuille         | Arkin pituus          | Arklängd               | Vellengte               | Długość arkusza         | Comprimento folha
sheet_count  | Sheets                 | Bogen, Anzahl Bogen      | Fogli, N° fogli          | Hojas, Pliegos           | Feuilles, Nb feuilles    | Arkit                 | Ark, Antal ark         | Aantal vellen           | Ilość arkuszy           | Folhas
weight_net_kg| Net weight, Weight     | Nettogewicht, Menge      | Peso netto, Peso         | Peso neto, Peso          | Poids net, Poids         | Nettopaino, Paino     | Nettovikt, Vikt        | Nettogewicht, Gewicht   | Waga netto, Waga        | Peso líquido, Peso
quality_class| Class, Condition       | Güte, Wahl               | Scelta, Classe           | Clase                    | Choix, Classe            | Luokka                | Klass                  | Klasse, Keuze           | Klasa                   | Classe
price        | Price, Unit price      | Preis                    | Prezzo                   | Precio                   | Prix                     | Hinta                 | Pris                   | Prijs                   | Cena                    | Preço
location_place| Warehouse, Location   | Lager, Lagerort          | Magazzino, Deposito      | Almacén, Ubicación       | Dépôt, Entrepôt          | Varasto               | Lager, Lagerplats      | Magazijn, Locatie       | Magazyn                 | Armazém
certification| Certificate            | Zertifikat               | Certificazione           | Certificación            | Certification            | Sertifikaatti         | Certifikat             | Certificaat             | Certyfikat              | Certificado
remarks      | Remarks, Notes         | Bemerkung, Hinweis       | Note, Osservazioni       | Observaciones, Notas     | Remarques, Observations  | Huomautus             | Anmärkning             | Opmerking               | Uwagi                   | Observações
diameter_core| Dia / core             | Ø / Hülse                | Ø / Anima                | Ø / Mandril              | Ø / Mandrin              | Halkaisija / hylsy    | Diameter / hylsa       | Diameter / huls         | Średnica / gilza        | Diâmetro / mandril
"""

_GRADES = """
TL_2       | Testliner 2        | Testliner 2 braun       | Testliner 2            | Testliner 2             | Testliner 2              | Testliner 2             | Testliner 2           | Testliner 2         | Testliner 2            | Testliner 2
KL_BROWN   | Kraftliner brown   | Kraftliner braun        | Kraftliner avana       | Kraftliner marrón       | Kraftliner brun          | Kraftlaineri, ruskea    | Kraftliner brun       | Kraftliner bruin    | Kraftliner brązowy     | Kraftliner castanho
FL_REC     | Recycled fluting   | Wellenstoff             | Fluting riciclato      | Fluting reciclado       | Cannelure recyclée       | Fluting, kierrätys      | Vågpapper             | Golfpapier          | Fluting                | Fluting reciclado
WFU        | Woodfree uncoated  | Holzfrei ungestrichen   | Uso mano               | Offset sin madera       | Offset sans bois         | Päällystämätön puuvapaa | Träfritt obestruket   | Houtvrij offset     | Offset                 | Offset
WFC_GLOSS  | WFC gloss          | Bilderdruck glänzend    | Patinata lucida        | Couché brillo           | Couché brillant          | Päällystetty puuvapaa kiiltävä | Träfritt bestruket blank | Houtvrij gestreken glans | WFC gloss   | Couché brilho
WFC_MATT   | WFC matt           | Bilderdruck matt        | Patinata opaca         | Couché mate             | Couché mat               | Päällystetty puuvapaa matta | Träfritt bestruket matt | Houtvrij gestreken mat | WFC matt     | Couché mate
LWC        | LWC                | LWC                     | LWC                    | LWC                     | LWC                      | LWC                     | LWC                   | LWC                 | LWC                    | LWC
NEWS       | Newsprint          | Zeitungsdruckpapier     | Carta da giornale      | Papel prensa            | Papier journal           | Sanomalehtipaperi       | Tidningspapper        | Krantenpapier       | Papier gazetowy        | Papel jornal
FBB_GC1    | Folding boxboard GC1 | Chromokarton GC1      | Cartoncino GC1         | Cartulina folding GC1   | Carton GC1               | Taivekartonki GC1       | Falskartong GC1       | Vouwkarton GC1      | Karton GC1             | Cartolina GC1
WLC_GD2    | Duplex GD2         | Chromoduplex GD2        | Cartoncino GD2 retro grigio | Dúplex GD2         | Carton GD2 dos gris      | Kierrätyskartonki GD2   | Returkartong GD2      | Duplex GD2          | Duplex GD2             | Duplex GD2
MG_WHITE   | MG white           | Einseitig glatt weiß    | Monolucido bianco      | Monolúcido blanco       | Frictionné blanc         | MG-paperi valkoinen     | MG-papper vit         | MG wit              | MG biały               | MG branco
SACK_BROWN | Sack kraft brown   | Sackkraft braun         | Kraft per sacchi avana | Kraft sacos marrón      | Kraft pour sacs brun     | Säkkipaperi ruskea      | Säckpapper brunt      | Zakkenkraft bruin   | Papier workowy brązowy | Kraft sacos castanho
LABEL_C1S  | C1S label          | Etikettenpapier einseitig gestrichen | Monopatinata per etichette | Papel etiqueta estucado 1 cara | Papier étiquette couché 1 face | Etikettipaperi | Etikettpapper | Etiketpapier | Papier etykietowy | Papel etiqueta
"""

_CLASSES = """
PRIME | prime  | I. Wahl   | prima scelta   | primera  | 1er choix | I-laatu  | prima  | eerste keus | gatunek I   | primeira
A     | A      | A         | A              | A        | A         | A        | A      | A           | A           | A
B     | 2nd    | II. Wahl  | seconda scelta | segunda  | 2e choix  | II-laatu | sekunda| tweede keus | gatunek II  | segunda
C     | C      | III. Wahl | terza scelta   | tercera  | 3e choix  | C        | C      | C           | C           | C
"""

_REASONS = """
SIDE_RUN | side run | Nebenrolle | laterale | lateral | sidorulle
OVERRUN  | overmake | Übermenge  | eccedenza di produzione | excedente | surproduction
CANCELLED| cancelled order | Auftragsstorno | ordine annullato | pedido anulado | commande annulée
"""

TITLES = (
    "Stock offer week 47", "Lagerliste, Zwischenverkauf vorbehalten", "Offerta stock", "Lista de existencias", "Liste de stock", "Subject to prior sale",
    "Mill Street 4, 12345 Papertown", "Tel. +49 6841 123-0 / sales@mill.example", "Preise freibleibend",
)  # fmt: skip
TOTALS = {
    "en": "Total", "de": "Summe", "it": "Totale", "es": "Total", "fr": "Total", "fi": "Yhteensä", "sv": "Summa", "nl": "Totaal", "pl": "Razem", "pt": "Total",
}  # fmt: skip
NOTES = (
    "All weights approximate.",
    "Alle Angaben ohne Gewähr.",
    "Salvo venduto.",
    "Sauf vente entre-temps.",
    "Weights are net.",
)


def _table(text: str) -> dict[str, dict[str, tuple[str, ...]]]:
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for line in text.strip().splitlines():
        name, *cells = (part.strip() for part in line.split("|"))
        found[name] = {lang: (cell,) for lang, cell in zip(LANGUAGES, cells, strict=False)}
    return found


HEADERS = {
    name: {lang: tuple(w.strip() for w in cell[0].split(",")) for lang, cell in by.items()}
    for name, by in _table(_HEADERS).items()
}
GRADES = {code: {lang: cell[0] for lang, cell in by.items()} for code, by in _table(_GRADES).items()}
CLASSES = {code: {lang: cell[0] for lang, cell in by.items()} for code, by in _table(_CLASSES).items()}
REASONS = {
    line.split("|")[0].strip(): tuple(part.strip() for part in line.split("|")[1:]) for line in _REASONS.strip().splitlines()
}  # fmt: skip
