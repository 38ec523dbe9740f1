"""Traditional characters that the words of forbidden_words.csv may be written with. Pure.

A converter of all of Chinese (OpenCC) would be a dependency for some hundred characters, so those are a
table: every character of a term or of its allowed phrases that has a traditional form.
"""

_PAIRS = (
    "級级國国極极頂顶個个選选獨独無无絕绝後后銷销軍军領领遙遥補补內内對对萬万敵敌網网價价導导機机關关"
    "專专癒愈療疗藥药壓压維维碼码號号掃扫強强優优進进術术歡欢時时業业發发數数歷历與与倫伦擬拟滿满"
    "榮荣譽誉權权威威證证認认領领導导產产質质點点線线長长開开買买賣卖貴贵賤贱億亿歲岁氣气沒没爾尔"
    "溫温度度轉转檔档載载達达標标識识編编載载層层間间單单電电鋼钢鐵铁棉棉絲丝純纯槍枪器器終终端端"
    "總总統统書书記记會会議议員员黨党徽徽旗旗歌歌衛卫貢贡禦御類类聯联盟盟體体驗验證证環环節节動动"
    "陸陆臺台灣湾東东門门龍龙鳳凤華华藝艺學学醫医癌癌糖糖尿尿靈灵壽寿齡龄換换飲饮賞赏贊赞聲声項项"
    "寶宝牌牌廣广傳传媒媒誠诚譽誉奧奥運运獎奖競竞賽赛紀纪錄录創创冊册註注協协許许釐厘羅罗蘭兰亞亚"
    "濕湿態态值值熱热營营養养絨绒羊羊毛毛糧粮穀谷麵面條条農农場场園园蠶蚕織织紡纺繡绣"
)
SIMPLIFIED = {ord(old): new for old, new in zip(_PAIRS[::2], _PAIRS[1::2], strict=True) if old != new}


def simplified(text: str) -> str:
    """Write the traditional characters of the table in simplified ones; every other character stays."""
    return text.translate(SIMPLIFIED)
