"""A made-up country that reads all nine languages and three in Latin letters, in two zones, to render every shared text in."""

from dataclasses import replace

from alert_places import country_without_feeds

from alerts.languages import languages
from schemas.country_files import LoadedCountry

NINE = ("en", "ne", "bn", "ur", "id", "tpi", "si", "ta", "fil")
ROMANISED = ("ne-Latn", "bn-Latn", "ur-Latn")
SPEAKS_AS = {
    "en": "Polyrisk test",
    "ne": "Polyrisk परीक्षण",
    "bn": "Polyrisk পরীক্ষা",
    "ur": "پولی رسک آزمائش",
    "id": "Polyrisk uji coba",
    "tpi": "Polyrisk traim tasol",
    "si": "Polyrisk අත්හදා",
    "ta": "Polyrisk சோதனை",
    "fil": "Polyrisk pagsubok",
    "ne-Latn": "Polyrisk parikshan",
    "bn-Latn": "Polyrisk porikkha",
    "ur-Latn": "Polyrisk azmaish",
}
OPT_OUT = {
    "en": "Send STOP to leave",
    "ne": "छोड्न STOP पठाउनुहोस्",
    "bn": "বন্ধ করতে STOP পাঠান",
    "ur": "چھوڑنے کو STOP بھیجیں",
    "id": "Kirim STOP untuk keluar",
    "tpi": "Salim STOP long lusim",
    "si": "ඉවත් වීමට STOP එවන්න",
    "ta": "விலக STOP அனுப்புங்கள்",
    "fil": "I-text ang STOP para umalis",
}
KANDY = {"ne": "क्याण्डी", "bn": "ক্যান্ডি", "ur": "کینڈی"}


def country_of_nine_languages() -> LoadedCountry:
    """Sri Lanka's districts and the divisions of Kandy, without texts of its own. Kandy's clocks are those of Dili, others' of Colombo."""
    country = country_without_feeds("lka")
    kandy = country.places.areas["LK21"]
    areas = {code: area for code, area in country.places.areas.items() if area.level != "adm3" or area.parent == "LK21"}
    areas["LK21"] = kandy.model_copy(update={"names": {**kandy.names, **KANDY}})
    messaging = country.facts.messaging.model_copy(
        update={
            "speaks_as": SPEAKS_AS,
            "opt_out": OPT_OUT,
            "segments": {tag: languages()[tag].segments for tag in NINE},
            "two_way": True,
        }
    )
    facts = country.facts.model_copy(update={"languages": NINE, "messaging": messaging, "timezones": {"LK21": "Asia/Dili"}})
    return replace(country, facts=facts, places=replace(country.places, areas=areas))
