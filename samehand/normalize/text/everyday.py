"""Words that name nobody: one table of concepts, each with its words in every language.

Add a word once, to its concept and under its language, and every reader of such words has it: decorations of
names (:mod:`samehand.frequency.name_prior.decorations`), fan accounts (:mod:`samehand.signals.fan_account`),
claims of another account (:func:`samehand.normalize.contact.contacts.claims`).

A line is a language (BCP 47; ``und`` for words of no language) and its words, as people write them in their
own script or in Latin letters. A word that is also a common name (`ben`, `ana`, `wali`, `guan`, `alam`) is
left out, or marked by a star and then read in sentences only: a name that is taken for such a word no longer
counts. An underscore joins the words of a term that is written apart. Written by hand from general knowledge.
"""

from __future__ import annotations

from typing import Final

_TABLE: Final = """
[media]
en media
es medios
fr médias
de medien
ru медиа
uk медіа
tr medya
ar ميديا الإعلام ealam alilam ielam
fa رسانه رسانه‌ای مدیا
ur میڈیا midia
ps رسنۍ میډیا
sd ميڊيا
hi मीडिया
pa ਮੀਡੀਆ
bn মিডিয়া
ta மீடியா ஊடகம்
th มีเดีย สื่อ
he מדיה תקשורת
zh 媒体 meiti
ja メディア
ko 미디어 midieo
so warbaahinta
ha kafafen

[news]
en news newz
es noticias
pt notícias
fr actu infos nouvelles
de nachrichten
it notizie
ru новости novosti
uk новини
tr haber haberler haberleri
az xəbər xəbərlər
ar أخبار الأخبار اخبار الاخبار نيوز akhbar alakhbar
fa اخبار خبری khabari
ur خبر خبریں خبرنامہ نیوز khabar khabrain khabrein akhbar khabarnama
ps خبرونه khabruna
sd خبرون نيوز
hi समाचार खबर ख़बर न्यूज़ न्यूज samachar
pa ਖ਼ਬਰਾਂ ਖਬਰਾਂ ਨਿਊਜ਼
bn খবর সংবাদ নিউজ
ta செய்திகள் செய்தி நியூஸ்
th ข่าว
he חדשות
el ειδήσεις
zh 新闻 xinwen
ja ニュース
ko 뉴스 nyuseu
id berita
sw habari
so wararka wararkii
ha labarai

[official]
en official officially officials offical offl ofc verified
es oficial oficiales
fr officiel officielle
de offiziell
it ufficiale
ru официальный официальная официально ofitsialny ofitsialnyi ofitsialnyy oficialny
uk офіційний
tr resmi
az rəsmi
ar رسمي الرسمي رسمية الرسمية rasmi alrasmi elrasmy alrasmiya
fa رسمی rasmy
ur آفیشل سرکاری sarkari نشریات nashriyat ادارہ idara
sd سرڪاري آفيشل
hi आधिकारिक ऑफिशियल सरकारी aadhikarik adhikarik
pa ਅਧਿਕਾਰਤ ਆਫੀਸ਼ੀਅਲ ਸਰਕਾਰੀ
bn অফিসিয়াল অফিশিয়াল সরকারি
ta அதிகாரப்பூர்வ அபிஷியல்
th ออฟฟิเชียล ทางการ
he רשמי הרשמי
el επίσημο επίσημος επίσημη
zh 官方 guanfang
ja 公式 オフィシャル
ko 공식 오피셜 gongsik gonsik
id resmi ofisial
sw rasmi
so rasmiga
ha hukuma

[real]
en real realy really thereal original orig og self not
es verdadero verdadera
ru настоящий настоящая nastoyashchiy nastoyashiy
tr gerçek gercek
ar حقيقي الحقيقي haqiqi
fa اصل واقعی vaghei vaqei
ur اصلی asli
hi असली
pa ਅਸਲੀ
ta உண்மையான
el αληθινός πραγματικός
zh 真实 zhenshi 原版 yuanban
ja 本物
ko 진짜 jinjja
id asli

[backup]
en backup backups back-up bkp bk bckp bakup
es respaldo
fr secours sauvegarde
ru резерв резервный резервная бэкап запасной запасная rezerv rezervny rezervnyi rezervnaya zapasnoy zapasnaya
uk резервний запасний
tr yedek yedekhesap
az ehtiyat
ar احتياط احتياطي الاحتياطي ihtiyat ihtiyati ehtiyat ehtiyati بديل البديل badil albadil badeel albadeel
fa پشتیبان رزرو poshtiban rezerv
ur بیک_اپ بیکاپ bekap متبادل mutabadil
ps بکپ بدیل
sd بيڪ متبادل
hi बैकअप
pa ਬੈਕਅੱਪ ਬੈਕਅਪ
bn ব্যাকআপ
ta பேக்கப்
th สำรอง
he גיבוי
el εφεδρικός εφεδρικό
zh 备用 备用号 备份 小号 xiaohao beiyong beiyonghao
ja 予備 バックアップ
ko 백업 백업계정 부계정 부계 bugye
id cadangan
sw akiba
so kaydka

[second]
en second secondary two alt alternate alternative reserve
es segunda segundo secundaria secundario alterna alterno reserva
fr secondaire
ru второй вторая vtoroy vtoraya
tr ikinci
ar ثاني الثاني ثانية الثانية
fa جایگزین دوم jaygozin dovom
ur دوسرا doosra dusra
ps دوهم
hi दूसरा
pa ਦੂਜਾ
bn দ্বিতীয়
ta இரண்டாவது
he חלופי
el δεύτερος
zh 大号 dahao
ko 본계정 bonjin
id kedua pengganti

[temporary]
en temp
ar مؤقت muaqqat
ur عارضی aarzi
id sementara
ko 임시계정

[new]
en new
es nuevo nueva
pt novo
fr nouveau nouvelle
ru новый новая novy novyi novyy novaya
uk новий
tr yeni yenihesap
az yeni
ar جديد الجديد جديدة الجديدة jadid jadeed aljadid
fa جدید
ur نیا نئی naya nayi
ps نوی نوې nawe
sd نئون
hi नया नयी
pa ਨਵਾਂ
bn নতুন
ta புதிய
zh 新号 xinhao
ja 新しい 新アカ
ko 새 새계정
id baru akunbaru
sw mpya
so cusub
ha sabon

[again]
en again back return returned returns reborn comeback isback reboot rebooted reloaded revived
es otra vez regreso volvimos
fr retour
ru снова возвращение snova vozvrashchenie
tr tekrar geri
ar عودة العودة
fa بازگشت دوباره bazgasht dobare
ur دوبارہ واپسی dobara phir wapas wapsi
sd ٻيهر واپسي
hi वापस वापसी दोबारा
pa ਵਾਪਸੀ ਦੁਬਾਰਾ
ta மீண்டும்
th กลับมา
el επιστροφή
zh 回归 huigui
ja 復活
ko 복귀
id kembali

[old]
en old previous prev
es antigua anterior vieja
fr ancien ancienne
ru старый* прежний
tr eski önceki
ar القديم السابق
fa قبلی سابق
ur پرانا سابقہ purana
ps پخوانی
hi पुराना पुरानी
pa ਪੁਰਾਣਾ
bn পুরানো
zh 旧号 老号
ko 이전 예전
id lama* sebelumnya

[channel]
en channel chan
es canal
ru канал kanal
tr kanal kanali
ar قناة القناة qanat
fa کانال kanal
ur چینل
ps چینل
sd چينل
hi चैनल
pa ਚੈਨਲ
bn চ্যানেল
ta சேனல்
th ชาแนล
he ערוץ
el κανάλι
zh 频道 pindao
ja チャンネル
ko 채널 공식채널 chaeneol
id saluran kanal
sw chaneli

[page]
en page pg
es página pagina
ru страница
tr sayfa sayfasi
ar صفحة الصفحة alsafha
fa صفحه
ur پیج صفحہ
ps پاڼه
sd پيج صفحو
hi पेज
pa ਪੇਜ
bn পেজ
ta பக்கம்
th เพจ
he עמוד
el σελίδα
zh 主页
ja ページ
ko 페이지
id halaman
sw ukurasa

[account]
en account accounts acc acct ac profile
es cuenta
pt conta
fr compte
de konto
ru аккаунт akkaunt
uk акаунт
tr hesap hesabi hesabim hesabım
ar حساب الحساب حسابي* hesab hisab
fa حساب اکانت*
ur اکاؤنٹ
ps اکاونټ حساب
sd اڪائونٽ
hi खाता अकाउंट khata
pa ਖਾਤਾ ਅਕਾਊਂਟ
bn অ্যাকাউন্ট একাউন্ট
ta கணக்கு
th บัญชี
he חשבון
el λογαριασμός
zh 账号 帐号 官方号 官方账号 guanfanghao zhanghao
ja アカウント
ko 계정 공식계정 gyejeong
id akun
sw akaunti

[post]
en post posts feed

[group]
en group gp team chaine
es grupo
ru группа gruppa
tr grup
ar مجموعة
fa گروه
ur گروپ
ps ګروپ
sd گروپ
hi ग्रुप समूह
pa ਗਰੁੱਪ
bn গ্রুপ
ta குரூப்
he קבוצה
el ομάδα
zh 群组
ja グループ
ko 그룹
id kelompok
sw kikundi

[archive]
en archive archives
es archivo
ru архив
tr arşiv
ar أرشيف
fa آرشیو بایگانی
ur آرکائیو
hi आर्काइव
pa ਆਰਕਾਈਵ
bn আর্কাইভ
ta ஆவணம்
th คลัง
he ארכיון
el αρχείο
zh 档案
ja アーカイブ
ko 아카이브
id arsip

[live]
en live now here online active
ru тут
tr canlı canli yayin
ar مباشر mubashir
fa زنده
ur لائیو
sd لائيو
hi लाइव
pa ਲਾਈਵ
bn লাইভ সরাসরি
ta நேரலை லைவ்
th ไลฟ์
he שידור
el ζωντανά
ja ライブ
ko 라이브

[video]
en tv vid video videos vlog vlogs blog hd
fr vidéos
ru видео тв
ar فيديو تلفزيون
fa ویدیو
ur ٹی_وی ویڈیو
sd ٽي_وي
hi टीवी वीडियो
pa ਟੀਵੀ ਵੀਡੀਓ
bn টিভি ভিডিও
ta டிவி வீடியோ
th ทีวี วิดีโอ
he טלוויזיה
el βίντεο τηλεόραση
zh 电视 视频
ja テレビ 動画
ko 영상

[private]
en private priv personal public
es privado
ru личный
ar خاص
fa شخصی shakhsi
id pribadi

[main]
en main home hq
id utama

[banned]
en banned suspended spam fake mirror

[fan]
en fan fans fanpage

[admirer]
en fanclub fanbase fandom fc stan stans army lover lovers updates daily quotes clips edits memes
en lyrics parody unofficial
tr hayranları hayranlari hayranlar
ru фанклуб фанаты
ar محبين محبي
fa پرستاران
hi पैरोडी
zh 粉丝
ko 팬 팬클럽

[network]
en net network web website internet info mail com co inc ltd version pro vip via

[platform]
en insta ig tiktok tg tweets twt youtube yt

[place]
en uk us usa fr

[title]
en mr mrs ms

[between]
en a an the by of on in to at for is its it this my me him i im am we just one only x xo xx xxx v ya iv ix
es el la los las lo yo soy de del mi
ru это я мой
tr hesabım
ar al
ur ka ki ke hum mera apna hamara میرا والا walay wala waala sacha
ps زما خپل zama khpal wraz da
fa تازه تازہ taza
"""

Concepts = dict[str, dict[str, tuple[str, ...]]]


def _read(table: str) -> Concepts:
    found: Concepts = {}
    concept = ""
    for line in filter(None, table.splitlines()):
        if line.startswith("["):
            concept = line.strip("[]")
            found[concept] = {}
        else:
            language, *words = line.split()
            found[concept][language] = found[concept].get(language, ()) + tuple(words)
    return found


EVERYDAY: Final = _read(_TABLE)
"""The words by concept and language, as they are written."""


def words_of(*concepts: str) -> list[str]:
    """The words of some concepts in all languages, as they are written."""
    return [
        word.rstrip("*").replace("_", " ")
        for concept in concepts
        for words in EVERYDAY[concept].values()
        for word in words
    ]


def decorating_words() -> list[str]:
    """The words that decorate a name: all except those that are names as well, and the admirers'."""
    return [
        word.replace("_", " ")
        for concept, languages in EVERYDAY.items()
        for words in languages.values()
        for word in words
        if concept != "admirer" and not word.endswith("*")
    ]
