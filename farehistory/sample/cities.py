"""Where the sample's trips take place: amounts, places and promos that look right there."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from random import Random


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """A city's currency, its scale of prices, and names. `unit` is the smallest step of a price there."""

    name: str
    currency: str
    unit: Decimal
    fares: tuple[int, int]  # in units, as all below
    toll: tuple[int, int]
    waiting: tuple[int, int]
    promo: int
    tip: int
    places: tuple[str, ...]
    plazas: tuple[str, ...]
    promo_code: str
    promo_text: str
    waiting_text: str

    def price(self, random: Random, units: tuple[int, int]) -> Decimal:
        """A price between two numbers of units, both included."""
        return self.unit * random.randint(*units)


CITIES = (
    City(
        name="Singapore",
        currency="SGD",
        unit=Decimal("0.10"),
        fares=(72, 380),
        toll=(10, 60),
        waiting=(10, 64),
        promo=20,
        tip=20,
        places=("Changi Airport T3", "Orchard Road", "Marina Bay", "Tampines Mall", "Jurong East", "Bishan"),
        plazas=("CTE Braddell", "ECP Fort Road", "AYE Alexandra"),
        promo_code="TWOOFF",
        promo_text="2.00 off every ride in November",
        waiting_text="Rider came late to the pickup point",
    ),
    City(
        name="Bangkok",
        currency="THB",
        unit=Decimal("1.00"),
        fares=(65, 520),
        toll=(25, 75),
        waiting=(20, 60),
        promo=30,
        tip=20,
        places=("สนามบินสุวรรณภูมิ", "สยามพารากอน", "อโศก", "จตุจักร", "สีลม"),
        plazas=("ด่านบางนา", "ด่านดินแดง"),
        promo_code="SONGKRAN",
        promo_text="ส่วนลดสงกรานต์",
        waiting_text="ผู้โดยสารมาถึงจุดรับช้า",
    ),
    City(
        name="Ho Chi Minh City",
        currency="VND",
        unit=Decimal("1000"),
        fares=(28, 260),
        toll=(10, 35),
        waiting=(5, 20),
        promo=15,
        tip=10,
        places=("Sân bay Tân Sơn Nhất", "Chợ Bến Thành", "Thảo Điền", "Phú Mỹ Hưng"),
        plazas=("Trạm thu phí Long Phước", "Trạm An Sương"),
        promo_code="CHAOBAN",
        promo_text="Ưu đãi cho khách hàng mới",
        waiting_text="Phí chờ: khách đến trễ",
    ),
    City(
        name="Tokyo",
        currency="JPY",
        unit=Decimal("10"),
        fares=(90, 1180),
        toll=(32, 195),
        waiting=(10, 80),
        promo=50,
        tip=20,
        places=("Haneda Airport", "Shibuya", "Shinjuku", "Asakusa", "Roppongi"),
        plazas=("Shuto Expressway Kasumigaseki", "Shuto Expressway Shibaura"),
        promo_code="HAJIME500",
        promo_text="First ride 500 yen off",
        waiting_text="Waiting at the pickup point",
    ),
    City(
        name="Kuwait City",
        currency="KWD",
        unit=Decimal("0.050"),
        fares=(24, 210),
        toll=(5, 15),
        waiting=(5, 25),
        promo=10,
        tip=10,
        places=("مطار الكويت الدولي", "السالمية", "سوق المباركية", "الأفنيوز"),
        plazas=("جسر الشيخ جابر",),
        promo_code="AHLAN",
        promo_text="خصم للرحلة الأولى",
        waiting_text="رسوم انتظار الراكب",
    ),
    City(
        name="New York",
        currency="USD",
        unit=Decimal("0.05"),
        fares=(150, 1400),
        toll=(131, 244),
        waiting=(20, 120),
        promo=60,
        tip=60,
        places=("JFK Airport", "Penn Station", "Williamsburg", "Upper West Side", "LaGuardia"),
        plazas=("Queens Midtown Tunnel", "RFK Bridge"),
        promo_code="RIDE3",
        promo_text="3.00 off a ride to the airport",
        waiting_text="Driver waited at the kerb",
    ),
)
SINGAPORE = CITIES[0]
