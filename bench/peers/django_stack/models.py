"""The nouns of the trade, one table each."""

from django.db import models


class Organization(models.Model):
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=10)


class Batch(models.Model):
    mill = models.ForeignKey(Organization, models.CASCADE)
    status = models.CharField(max_length=20)
    received_at = models.DateTimeField()


class Item(models.Model):
    mill = models.ForeignKey(Organization, models.CASCADE)
    batch = models.ForeignKey(Batch, models.SET_NULL, null=True)
    grade = models.CharField(max_length=40, db_index=True)
    grammage_gsm = models.DecimalField(max_digits=6, decimal_places=1)
    width_mm = models.IntegerField()
    weight_kg = models.IntegerField()
    price = models.DecimalField(max_digits=10, decimal_places=2, null=True)
    status = models.CharField(max_length=20, db_index=True)


class Requirement(models.Model):
    buyer = models.ForeignKey(Organization, models.CASCADE)
    grade = models.CharField(max_length=40)
    grammage_min = models.DecimalField(max_digits=6, decimal_places=1)
    grammage_max = models.DecimalField(max_digits=6, decimal_places=1)


class Match(models.Model):
    item = models.ForeignKey(Item, models.CASCADE)
    requirement = models.ForeignKey(Requirement, models.CASCADE)
    score = models.FloatField()


class Window(models.Model):
    item = models.ForeignKey(Item, models.CASCADE)
    buyer = models.ForeignKey(Organization, models.CASCADE)
    ends_at = models.DateTimeField()


class Delivery(models.Model):
    buyer = models.ForeignKey(Organization, models.CASCADE)
    sent_at = models.DateTimeField(null=True)
