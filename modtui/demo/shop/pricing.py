"""What a customer pays."""

from shop import catalogue, plugins

VAT = 0.19

try:
    quotes  # kept when this module is reloaded
except NameError:
    quotes = {}


def price(item):
    """The price of an item, VAT included."""
    net = catalogue.NET[item]
    gross = plugins.discounted(item, net) * (1 + VAT)
    quotes[item] = quotes.get(item, 0) + 1
    return round(gross, 2)


class Cart:
    """What a customer has put aside."""

    def __init__(self, *items):
        self.items = list(items)

    def total(self):
        return round(sum(price(item) for item in self.items), 2)
