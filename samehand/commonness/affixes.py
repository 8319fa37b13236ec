"""Words that decorate a handle without naming anybody: `official`, `backup`, `tv`.

A comparer asks this to know that `umar_media_official2` extends `umar_media`. The list is written by hand,
in Latin letters or in the words' own script, and folded when it is read. Words that are also common names
(`ben`, `ana`, `wali`, `guan`, `alam`) are left out: taking a name for a decoration would lose the person.
"""

from __future__ import annotations

from typing import Final

from samehand.normal.fold import fold_name

_ENGLISH: Final = """
    a ac acc account accounts active again alt alternate alternative am an archive archives at back backup
    backups banned bkp bk blog by channel chan co com fake fan fanpage fans feed for fr group gp hd here him
    home hq i im in inc info internet is its ig insta it just live ltd main me mail media mirror mr mrs ms
    my net network new news not now of offical official officially officials ofc offl og on one online only
    orig original page personal pg post posts priv private pro profile public real realy really reborn
    return returned returns second self spam suspended tg team the thereal this tiktok to tv tweets twt two
    uk us usa v verified version via vip vid video videos vlog vlogs we web website ya youtube yt x xo xx
    xxx reserve comeback isback reboot rebooted reloaded revived secondary bckp bakup iv ix
"""
_ROMANCE: Final = """
    cuenta canal el la los las lo oficial oficiales nuevo nueva noticias respaldo verdadero verdadera yo soy
    de del mi grupo medios segunda segundo pagina otra vez secundaria reserva privado officiel officielle
    nouveau nouvelle compte chaine actu novo conta alterna alterno secundario regreso volvimos secours retour
    secondaire sauvegarde
"""
_URDU_HINDI: Final = """
    asli naya nayi khabar khabrain khabrein akhbar khabarnama dobara doosra dusra phir wapas walay wala
    waala ka ki ke hum mera apna hamara sarkari nashriyat idara aadhikarik adhikarik khata samachar sacha
    اصلی نیا نئی خبر خبریں خبرنامہ دوبارہ دوسرا سرکاری نشریات ادارہ چینل پیج اکاؤنٹ آفیشل میرا والا आधिकारिक
    असली नया नयी खाता समाचार सरकारी दूसरा चैनल mutabadil wapsi aarzi متبادل عارضی واپسی بیک اپ
    बैकअप वापस वापसी दोबारा ऑफिशियल अकाउंट पेज
"""
_ARABIC: Final = """
    al rasmi alrasmi elrasmy alrasmiya hesab hisab qanat akhbar alakhbar jadid jadeed aljadid haqiqi
    ihtiyati badil alsafha ealam alilam ielam mubashir رسمي الرسمي الرسمية حساب قناة القناة أخبار
    الأخبار جديد الجديد حقيقي احتياطي بديل صفحة الصفحة الإعلام مباشر خاص badeel ihtiyat ehtiyat ehtiyati
    albadil albadeel muaqqat احتياط البديل جديدة الجديدة مؤقت ثاني الثاني ثانية الثانية عودة العودة
"""
_PASHTO_PERSIAN: Final = """
    rasmy nawe khpal wraz da zama taza khabruna dovom vaghei vaqei shakhsi kanal khabari
    رسمی نوی نوې خپل زما تازه خبرونه اصل کانال خبری جدید دوم واقعی شخصی پشتیبان صفحه poshtiban rezerv
    jaygozin bazgasht dobare پاڼه دوهم بدیل رزرو جایگزین بازگشت دوباره موقت
"""
_RUSSIAN: Final = """
    ofitsialny ofitsialnyi ofitsialnyy oficialny novy novyi novyy novosti gruppa nastoyashchiy nastoyashiy
    rezerv rezervny rezervnyi vtoroy zapasnoy akkaunt официальный официальная новый новая новости канал
    группа настоящий резерв резервный второй запасной аккаунт тут снова личный страница это я мой rezervnaya
    zapasnaya vtoraya novaya snova kanal vozvrashchenie резервная запасная вторая возвращение бэкап
"""
_TURKISH: Final = """
    resmi hesap hesabi yeni yedek gercek haber haberler haberleri kanali sayfa sayfasi ikinci yayin canli
    tekrar hesabim yenihesap yedekhesap geri
"""
_EAST_ASIAN: Final = """
    guanfang xiaohao dahao zhenshi zhanghao pindao beiyong yuanban 官方 小号 大号 真实 账号 频道 备用
    gongsik gonsik gyejeong bugye bonjin jinjja nyuseu chaeneol 공식 계정 부계정 진짜 새 뉴스 채널
    beiyonghao xinhao guanfanghao huigui 备用号 新号 官方号 官方账号 备份 回归
    공식채널 공식계정 본계정 새계정 백업 백업계정 임시계정 복귀
"""
_MALAY: Final = """
    akun asli baru berita cadangan resmi kembali kedua pengganti sementara utama akunbaru ofisial
"""


def _folded(words: str) -> frozenset[str]:
    """The words as they stand where they are ASCII, and as the fold reads them."""
    plain = {word for word in words.split() if word.isascii()}
    return frozenset(plain | {fold.base for word in words.split() if (fold := fold_name(word)) is not None})


DECORATIONS: frozenset[str] = _folded(
    _ENGLISH + _ROMANCE + _URDU_HINDI + _ARABIC + _PASHTO_PERSIAN + _RUSSIAN + _TURKISH + _EAST_ASIAN + _MALAY
)

# A number this short is a counter or a year; longer ones identify (a phone, an id).
_COUNTER_DIGITS: Final = 4
_DIGITS: Final = "0123456789"


def decoration(token: str) -> bool:
    """Whether a folded token is only an affix: a listed word, a short number, or a word and then a number."""
    if token in DECORATIONS:
        return True
    if not token or token[-1] not in _DIGITS:
        return False
    word = token.rstrip(_DIGITS)
    if len(token) - len(word) > _COUNTER_DIGITS:
        return False
    return not word or word in DECORATIONS
