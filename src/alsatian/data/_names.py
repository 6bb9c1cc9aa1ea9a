"""The names that columns usually have, in several languages: which of them holds the users, the items, the values."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from difflib import get_close_matches
from functools import cache

# By role, the surest names first: of two columns the one of an earlier tier is meant, and of one tier there may be one.
_NAMES: dict[str, tuple[str, ...]] = {
    "user": (
        """
        user userid iduser uid customer customerid visitor visitorid member memberid client clientid reviewer reviewerid
        subscriber subscriberid listener listenerid nutzer nutzerid benutzer benutzerid kunde kundeid kundenid kundennr
        kundennummer utilisateur idutilisateur utilisateurid idclient usuario idusuario usuarioid cliente idcliente
        clienteid utente idutente utenteid utilizador gebruiker gebruikerid klant klantid klantnummer användare
        användarid kund kundid bruger brugerid bruker brukerid käyttäjä użytkownik klient uživatel kullanıcı müşteri
        пользователь клиент 用户 用户id ユーザー ユーザーid ユーザ ユーザid 利用者 利用者id 会員 会員id
        顧客 顧客id 사용자 nutzernr nutzernummer benutzernr benutzernummer kundenummer asiakas
        """,
        "username nutzername benutzername customername kundenname reviewername usager",
    ),
    "item": (
        """
        item itemid iditem iid movie movieid artist artistid track trackid song songid product productid sku asin book
        bookid isbn article articleid film filmid artikel artikelid artikelnr artikelnummer produkt produktid buch
        buchid künstler produit idproduit livre artiste idarticle artículo idarticulo producto idproducto película
        idpelicula libro artículoid articolo idarticolo prodotto idprodotto produto idproduto filme livro artigo
        boek bok bog vare tuote książka kniha ürün товар фильм книга 商品 电影 物品 アイテム 映画 상품
        作品 作品id 商品id 映画id アイテムid 曲 本
        """,
        """
        title titel titre título titolo itemname movietitle filmtitel filmtitle buchtitel booktitle productname
        produktname artistname trackname songname artikelname
        """,
    ),
    "value": (
        """
        value rating ratings stars score count counts plays playcount quantity bewertung wertung sterne note punkte
        anzahl menge wert évaluation étoiles quantité nombre valeur calificación valoración puntuación estrellas
        cantidad valor voto valutazione punteggio stelle quantità valore avaliação classificação nota estrelas
        quantidade beoordeling sterren aantal waardering betyg antal vurdering arvosana ocena hodnocení puan оценка
        рейтинг 评分 評価 評価値 スコア 点数 回数 再生回数 평점
        """,
    ),
    "timestamp": (
        """
        timestamp time date datetime unixtime unixtimestamp reviewtime unixreviewtime ts createdat datum zeit uhrzeit
        zeitstempel horodatage heure fecha hora data ora tijd tijdstip tid dato tidpunkt aika czas дата время 时间
        日付 日期 日時 時刻 zeitpunkt
        """,
    ),
}
_WEIGHTS = "weight weights gewicht poids peso"
_OF_RATINGS = """
    rating ratings stars score bewertung wertung sterne note évaluation étoiles voto calificación valoración puntuación
    estrellas valutazione punteggio stelle avaliação nota classificação estrelas beoordeling sterren waardering betyg
    vurdering arvosana ocena hodnocení puan оценка рейтинг 评分 評価 評価値 点数 평점
"""


def plain_name(name: object) -> str:
    """Return a name in lower case, without accents, and of its letters and digits alone.

    Examples
    --------
    >>> plain_name("Évaluation"), plain_name("user_ID")
    ('evaluation', 'userid')
    """
    letters = unicodedata.normalize("NFKD", str(name).casefold())
    return "".join(letter for letter in letters if letter.isalnum())


def meant(name: str, present: Sequence[str]) -> str:
    """Return a question after the column that may be meant by a name that is none; nothing where none is near.

    Examples
    --------
    >>> meant("User", ["user", "item"]), meant("price", ["user", "item"])
    (" Is 'user' meant?", '')
    """
    plain = {plain_name(other): other for other in reversed(present)}
    near = get_close_matches(plain_name(name), list(plain), n=1, cutoff=0.75)
    return f" Is {plain[near[0]]!r} meant?" if near and near[0] else ""


def candidates(role: str, present: Sequence[str]) -> list[str]:
    """Return the columns that are named as usual for a role: those of the surest names that are there.

    Examples
    --------
    >>> candidates("item", ["userId", "movieId", "title"])
    ['movieId']
    """
    for tier in _NAMES.get(role, ()):
        found = [name for name in present if plain_name(name) in _words(tier)]
        if found:
            return found
    return []


def is_usual(name: object) -> bool:
    """Return whether a name is usual for a column of any role."""
    plain = plain_name(name)
    return any(plain in _words(tier) for tiers in _NAMES.values() for tier in tiers) or is_weight(name)


def is_weight(name: object) -> bool:
    """Return whether a name may mean a weight, which has to be given a meaning."""
    return plain_name(name) in _words(_WEIGHTS)


def names_ratings(name: object) -> bool:
    """Return whether a column of this name holds ratings, of which there is one a pair, and not counts."""
    return plain_name(name) in _words(_OF_RATINGS)


@cache
def _words(text: str) -> frozenset[str]:
    return frozenset(map(plain_name, text.split()))
