"""The stack replaced: pandas reads the list, Django's models check and store it.

``python -m bench.peers.django_stack.lists FILE``. Generous to the peer: the columns, units and header row are written
down here, where the product finds them out; a row is checked by its model's own validators; what fails is kept beside.
"""

import os
import sys
import time
from decimal import Decimal

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.peers.django_stack.settings")

import django

django.setup()

import pandas as pd
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import connection, models, transaction

from bench.peers.tell import tell

HEADER_ROW = 2
BATCH = 1000
NAMES = {
    "Reel lot": "lot_ref", "Quality": "grade_raw", "Grammage g/m²": "gsm", "Width (mm)": "width_mm",
    "Diameter mm": "diameter_mm", "Core mm": "core_mm", "No. of reels": "reel_count", "Net weight kg": "weight_net_kg",
    "Class": "quality_class", "Price EUR/t": "price", "Warehouse": "location_place", "Certificate": "certification",
    "Comment": "remarks",
}  # fmt: skip
GRADES = {
    "Testliner 2": "TL_2", "Testliner 3": "TL_3", "Recycled fluting": "FL_REC", "Kraftliner brown": "KL_BROWN",
    "Woodfree uncoated": "WFU", "LWC": "LWC", "Newsprint": "NEWS", "GC2": "FBB_GC2", "GD2": "WLC_GD2",
}  # fmt: skip
CLASSES = {"prime": "PRIME", "A": "A", "B": "B", "C": "C"}


class Lot(models.Model):
    lot_ref = models.CharField(max_length=60)
    grade_code = models.CharField(max_length=40, choices=[(code, code) for code in GRADES.values()])
    grade_raw = models.CharField(max_length=200)
    gsm = models.DecimalField(
        max_digits=7, decimal_places=1, validators=[MinValueValidator(10), MaxValueValidator(1500)]
    )
    width_mm = models.IntegerField(validators=[MinValueValidator(50), MaxValueValidator(6000)])
    diameter_mm = models.IntegerField(null=True, validators=[MinValueValidator(200), MaxValueValidator(2000)])
    core_mm = models.IntegerField(null=True)
    reel_count = models.IntegerField(null=True, validators=[MinValueValidator(1)])
    weight_net_kg = models.DecimalField(max_digits=12, decimal_places=1, validators=[MinValueValidator(1)])
    quality_class = models.CharField(max_length=10, choices=[(code, code) for code in CLASSES.values()])
    price = models.DecimalField(max_digits=10, decimal_places=2, null=True)
    currency = models.CharField(max_length=3, default="EUR")
    location_place = models.CharField(max_length=200)
    certification = models.CharField(max_length=60, null=True, blank=True)
    remarks = models.CharField(max_length=500, null=True, blank=True)
    source_values = models.JSONField()

    class Meta:
        app_label = "django_stack"


class Rejected(models.Model):
    source_values = models.JSONField()
    problems = models.JSONField()

    class Meta:
        app_label = "django_stack"


def read(path):
    if path.endswith(".xlsx"):
        return pd.read_excel(path, header=HEADER_ROW)
    return pd.read_csv(path, header=HEADER_ROW, sep=";", decimal=",", encoding="cp1252", skip_blank_lines=False)


def whole(value):
    return None if pd.isna(value) else int(value)


def lot(row):
    source = {name: str(value) for name, value in row.items() if not pd.isna(value)}
    made = Lot(
        lot_ref=row["lot_ref"],
        grade_raw=row["grade_raw"],
        grade_code=GRADES.get(row["grade_raw"], ""),
        gsm=Decimal(str(row["gsm"])),
        width_mm=whole(row["width_mm"]),
        diameter_mm=whole(row["diameter_mm"]),
        core_mm=whole(row["core_mm"]),
        reel_count=whole(row["reel_count"]),
        weight_net_kg=None if pd.isna(row["weight_net_kg"]) else row["weight_net_kg"],
        quality_class=CLASSES.get(row["quality_class"], ""),
        price=None if pd.isna(row["price"]) else Decimal(str(row["price"])),
        location_place=row["location_place"],
        certification=None if pd.isna(row["certification"]) else row["certification"],
        remarks=None if pd.isna(row["remarks"]) else row["remarks"],
        source_values=source,
    )
    try:
        made.clean_fields()
    except ValidationError as refused:
        return Rejected(source_values=source, problems=refused.message_dict)
    return made


def main():
    with connection.schema_editor() as editor:
        editor.create_model(Lot)
        editor.create_model(Rejected)
    began = time.perf_counter()
    frame = read(sys.argv[1]).rename(columns=NAMES)
    frame = frame[frame["lot_ref"] != "Total"]
    decoded = time.perf_counter()
    made = [lot(row) for row in frame.to_dict("records")]
    checked = time.perf_counter()
    with transaction.atomic():
        Lot.objects.bulk_create([one for one in made if isinstance(one, Lot)], batch_size=BATCH)
        Rejected.objects.bulk_create([one for one in made if isinstance(one, Rejected)], batch_size=BATCH)
    ended = time.perf_counter()
    tell({"decode": decoded - began, "check": checked - decoded, "store": ended - checked}, ended - began)


if __name__ == "__main__":
    main()
