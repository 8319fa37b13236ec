"""Words that decorate a handle without naming anybody: `official`, `backup`, `tv`.

A comparer asks this to know that `umar_media_official2` extends `umar_media`. The list is written by hand in
folded form: what samehand.normal.fold makes of the words in their own script, and the romanisations people type.
"""

from __future__ import annotations

_DECORATIONS = """
    a ac acc account accounts active again alt alternate alternative am an archive archives at back backup backups
    banned bkp bk blog by channel chan co com fake fan fanpage fans feed for fr group gp hd here him her home hq i
    ii iii im in inc info internet is its ig insta it iv just live ltd main me mail media mirror mr mrs ms my net
    network new news not now of offical official officially officials ofc offl og on one online only orig original
    page personal pg post posts prime priv private pro profile public real realy really reborn return returned
    returns second sec self spam suspended tg team the thereal this tiktok to tv tweets twt two uk us usa v ver
    verified version via vip v2 v3 vid video videos vlog vlogs we web website ya youtube yt x xo xx xxx 2nd 3rd
    cuenta canal el la los las lo oficial oficiales nuevo nueva noticias respaldo verdadero verdadera yo soy de
    del mi grupo medios segunda segundo pagina otra vez tele secundaria reserva privado
    asli asal naya nayi khabar khabrain khabrein akhbar khabarnama dobara doosra dusra phir wapas walay wala wali
    ka ki ke hum mera meri apna sarkari nasriyat idara group page waala hamara
    asly nya nyy khbryn khbr dwbarh srkary nshryat adarh chynl pyj akawnt
    rasmi rsmy al ar rasmiy hesab hisab hsab alrasmi alrsmy elrasmy alrasmiya qanat qnah qnat akhbar akhbar
    alakhbar jadid jdyd aljadid aljdyd haqiqi hqyqy asli asly ihtiyati ahtyaty badil bdyl alsafha sfhh alsfhh alam
    ealam aalam alaalam alilam ielam ana bio mubashir mbashr abu
    rasmy nawe nwy khpal wraz da zama taza khabruna asl
    ofitsialnyy ofitsialnyi ofitsialny oficialny oficialnyy ofitsialnaya novyy novyi novy novaya novosti kanal
    gruppa nastoyashchiy nastoyashiy nastoyashchii rezerv rezervnyy rezervnyi rezervny vtoroy zapasnoy akkaunt
    tut moy ya eto snova lichnyy stranitsa
    resmi hesap hesabi yeni yedek gercek haber haberler haberleri kanali sayfa sayfasi asil ben ikinci ozel
    yayin canli tekrar
    aadhikarik adhikarik aadhikaarik asalee khata naya samachar samacar sacca dusara
    official jadeed rasmi jadid kanal khabari khabar akhbari asli dovom vaghei vaqei shakhsi
    guanfang guan fang xin xiaohao dahao zhenshi zhanghao pindao beiyong yuanban
    gongsik gonsik gyejeong bugye bonjin jinjja sae sinmun nyuseu chaeneol konghsik
    resmi akun asli baru berita cadangan
    officiel officielle nouveau nouvelle compte chaine actu oficial novo nova conta reserva
"""

DECORATIONS: frozenset[str] = frozenset(_DECORATIONS.split())

# A number this short is a counter or a year; longer ones identify (a phone, an id).
_COUNTER_DIGITS = 4


def decoration(token: str) -> bool:
    """Whether a folded token is only an affix: a listed word, a short number, or the one followed by the other."""
    word = token.rstrip("0123456789")
    if len(token) - len(word) > _COUNTER_DIGITS:
        return False
    return token in DECORATIONS or word in DECORATIONS or (not word and bool(token))
