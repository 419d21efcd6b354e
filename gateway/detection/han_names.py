"""Chinese names beside labels, posts and beds, as people are called or half hidden: 王某某, 刘姐.

Rule: a surname stands before each, at the beginning of a phrase or behind what somebody is.
"""

# ruff: noqa: E501, RUF001 - long patterns are read better uncut; signs that look alike are meant

from __future__ import annotations

import re
from typing import Final

from gateway.detection.name_words import HAN_RARER, HAN_SURNAME
from gateway.detection.rules import Rule, Rules
from gateway.domain.entities import PERSON

_FAMILY: Final = rf"(?:{HAN_SURNAME}|[{HAN_RARER}])"
_OPENS: Final = (
    r"(?:(?<![\u4e00-\u9fff])|(?<=患者)|(?<=病人)|(?<=患儿)|(?<=家属)|(?<=保姆)|(?<=护工)|(?<=邻居)|(?<=护士)|(?<=同事)|(?<=病友)|(?<=室友)|(?<=社工)|(?<=医生)"
    r"|(?<=[床找问叫由和与是被及到]))"
)

_TRADITIONAL: Final = "褚戚窦章葛奚鲁昌俞酆廉华花云張陳楊黃趙吳孫馬鄭謝許韓馮鄧蕭葉蘇呂鍾盧譚陸賈韋鄒薛閻龍賀顧龔萬錢嚴莊湯劉羅詹簡游連涂"
_COMPOUND: Final = (
    "欧阳|歐陽|司徒|司马|司馬|上官|诸葛|諸葛|皇甫|尉迟|公孙|慕容|令狐|夏侯|端木|长孙|宇文|独孤|南宫"
)
HAN_CLINICAL: Final = (
    r"(?:高[血热烧钾钠钙磷镁糖脂尿度危级压流敏年位资龄渗胆颅催分强弹同剂频渴]|白[细蛋班天色血内球带介癜痰斑大]|黄[疸色染体斑痰绿苔]|金[葡属标黄]|马[上来凡尾蹄]|石[膏蜡]|安[静排全返置慰定宫]|方[案法可式便向]|万古"
    r"|龙[胆牙]|雷[米尼贝珠帕公]|范围|于[今昨前当同次某是术我外本上下入院门急20-9]|向[家患其上下外内前后左右医]|毛[细玻巾发果囊]|康[复妇]|计[划数算量生]|屈[光曲肌伸]|舒[张适芬普利]|单[纯侧次独人位]|左[右侧下上]|时间|汤[剂药]"
    r"|林可|罗[哌红库格氟]|孟鲁|胡言|麻[醉木疹痹黄]|边[缘界]|居[家住委民]|游[离走]|广[泛谱大]|权[威利]|盖被|冷[敷汗刀冻]|温[水度盐毒]|沙[丁美利眼]|皮[肤疹下试质瓣温卡损]|尚[可未好需有无]|司[机美他]|宫[颈腔缩口内体外高]|牛[奶皮黄]"
    r"|车[祸间站]|强[直阳迫心化的]|颜[面色]|梅[毒尼]|项[目韧]|闭[合塞经目式角]|卫生|蓝[光色]|苏[醒打]|谢绝|甘[油露精草氨胺]|步[态行骤]|束[支缚]|籍贯|薄[层白膜型荷]|印[象章]|宿[舍主]|容[量积]|艾[滋灸司塞迪普叶]|丁[香螺胺苯溴卡]|任[何务]"
    r"|余[无可正未同热]|杜冷|程[度序]|叶酸|陆续|夏[季天]|付[费款]|严[重密禁格]|戴[口手镜帽]|莫[西沙]|唐[氏筛]|许[可多]|何[时种处]|郑重|梁某|孙[子女]|周[围期岁边身末内转一二三四五六日]|陈[旧述]|张[口力嘴开]|李斯特|连[续接]|简[单易]"
    r"|顾[虑问]|段落|史[无前]|江苏|贺[卡词]|喻[为]|和[家患]|符[合]|靳[剂]|习惯|晏[起]|巩[膜固]|桂[枝]|平[车卧]|花[粉生斑]|云[南雾状]|华[法支]|鲁[米]|章[节程]|葛根|石匠|牛奶|黄[x×*]|金牌|史上|万能|于医|向[医护主教院]|白[x×*]|左.医)"
)
"""Words of a note that begin with the letter of a surname: "高热", "白细胞", "康复"."""
_STOPPED: Final = "的了着过请让及与或并未已无有不将予给因由查诊告知，、。科班室床日月年"
_GIVEN: Final = rf"(?![{_STOPPED}])[\u4e00-\u9fff]"
_SURNAME: Final = rf"(?!{HAN_CLINICAL})(?:{_COMPOUND}|{HAN_SURNAME}|[{HAN_RARER}{_TRADITIONAL}])"
_FULL: Final = rf"{_SURNAME}{_GIVEN}{{1,2}}"
_OPENS_FULL: Final = (
    r"(?:(?<![\u4e00-\u9fff])|(?<=[0-9一-十外内科妇儿骨眼]科)|(?<=今日)|(?<=昨日)|(?<=今晨)|(?<=今天)|(?<=通知)|(?<=告知)|(?<=报告)|(?<=汇报)|(?<=联系)|(?<=电话)|(?<=呼叫)|(?<=咨询)|(?<=遵)"
    r"|(?<=尊敬的)|(?<=我科)|(?<=本科)|(?<=跟随)|(?<=谢谢)|(?<=感谢)|(?<=术者)|(?<=主刀)|(?<=[科由经请找问叫]))"
)
_POST: Final = (
    r"(?:副?主任(?:医师|医生|护师|护士|技师|药师)?|主治(?:医师|医生)?|住院医|医[师生]|医助|大夫|教授|副教授|副?院长|副?护士长|护士(?!站|长?站)|主管护师|护师|技师|药师|治疗师|先生|女士|小姐"
    r"|醫[師生]|護[士理][師長]?|護理師|主治醫師|主任醫師|教練)"
)
_POST_CUES: Final = (
    "医", "醫", "護", "护", "主任", "主治", "教授", "师", "先生", "女士", "小姐", "大夫",
)  # fmt: skip
_SIGNED: Final = (
    r"(?:(?:患者|病人|患儿|医师|医生|医护人员|护士|护士长|家属|监护人|代理人|主任|科主任|本人|术者|麻醉师|药师|技师|見證人|见证人|谈话人|告知人)?(?:签名|签字|簽名|簽字|签章)"
    r"|(?:父亲|母亲|配偶|家属|患儿|产妇|新生儿|联系人|紧急联系人|供者|受者|曾用|监护人|代理人|医生|医师|护士)(?:的)?姓名|曾用名|别名|户主|戶主|持卡人|开户名|户名"
    r"|(?:联系|紧急联系|陪护|陪同|陪床|监护|代理|法定代理|委托|受托|被委托|授权委托|被授权|委托代理|见证|谈话|告知|投保|被保险|受益|报销|经办|负责|申请|研究|报告|记录|登记|核对|复核|审核|审批|操作|检验|检测|送检|采样|采血|采集|取材|执行|录入|打印|书写|交班|接班|接诊|转诊|发药|调配|调剂|复述|收样|收件|供血|献血|首诊|主持|讨论|发言|整理|护送|护理|转运|配药|巡视|咨询|穿刺|阅片|诊断|手术|麻醉|被访|受访)(?:人员?|者|員|员|人姓名)"
    r"|(?:主任|副主任|主治|主管|主诊|经治|经管|管床|住院|值班|门诊|急诊|接诊|首诊|转诊|会诊|送检|申请|开单|处方|检查|检验|报告|审核|诊断|阅片|麻醉|手术|主刀|上级|下级|进修|实习|规培|家庭|签约|责任|带教|审方|调配|发药|核对|执行|器械|巡回|洗手|记录|交班|接班|主班|治疗|办公|夜班|白班|护理|值夜|二线|三线|一线)?"
    r"(?:医师|医生|大夫|护士|护师|药师|技师|教授|教师|老师|醫師|醫生|護士|護理師|主任|副主任|护士长|組長|组长)"
    r"|主刀|术者|[一二三]助|第?[一二三]助手|助手|麻醉师|灌注师|护理员|护工|实习生|规培生|研究生|药剂师|收费员|挂号员|司机|陪护|陪人|担保人|委托人"
    r"|参加人员|参加者|在场人员|主持人|讨论人|抢救人员|科主任|死者|逝者|产妇|先证者|受试者|伤者|患者|病人|患儿|客户"
    r"|家属|家長|家长|父亲|母亲|父|母|爸爸|妈妈|丈夫|妻子|配偶|爱人|儿子|女儿|长子|长女|次子|次女|哥哥|弟弟|姐姐|妹妹|孙子|孙女|女婿|儿媳|保姆|邻居|同事|朋友|兄弟|姐弟)"
)
_FIELD_ENDS: Final = r"(?=[ \t]{0,8}(?:[^\u4e00-\u9fff \t]|\Z)|[ \t]{1,8}[\u4e00-\u9fff]|(?:签名|签字|性别|年龄|电话|日期|时间|男|女|主任|副主任|主治|医师|医生|护士|教授|先生|女士))"
_ILL: Final = re.compile(r"[病癌症炎压障风痛瘤疸康亡故史血热]\Z")
"""How what somebody has ends, which stands beside parents, too: "父亲:白血病"."""


def _is_somebody(match: re.Match[str]) -> bool:
    return _ILL.search(match["value"]) is None


_DOUBLED: Final = "婷琳莎娜佳贝芳苗媛丽玲倩茜薇雯璐蕾颖妮莉娟燕萍瑶瑾琪琦蓓菲萌彬磊鑫淼豆妞敏洁彤"
"""What is said twice in a pet name, and in no other word."""

_KNOWN_FAMILY: Final = re.compile(
    rf"{HAN_SURNAME}|欧阳|司徒|司马|上官|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|夏侯|端木|长孙"
)
_STATE: Final = re.compile(
    r"高[热烧血龄危度]|黄[疸染]|于[昨今当前入外我20-9]|陈[述旧]|安[静返]|严[重禁]|时[有感而]|白[天班]|康复|苏醒|余[无未可]|向[其家医]|舒适|石膏|金属|平卧|常规|成功|何时|余热|护士|马上|白天|方便"
)
"""What a patient has or does, and begins with a surname: "患者高热,", "患者于昨日,"."""

_GOES_ON: Final = re.compile(r"[, ](?![ ]?(?:男|女|[0-9]))")
"""A sentence behind what a speaker said first: "医生:三期压疮,要清创"."""


def _is_called_so(match: re.Match[str]) -> bool:
    """Say whether a name stands behind "姓名", or behind who somebody is, and no sentence."""
    known = _KNOWN_FAMILY.match(match["value"]) is not None
    if not known and not match["mark"]:
        return False  # The next word may be a verb, as in "医师查房".
    if "姓名" in match[0]:
        return True
    if _STATE.match(match["value"]) is not None:
        return False
    return known or _GOES_ON.match(match.string, match.end()) is None


RULES: Final[Rules] = (
    Rule(
        "name.cjk",
        PERSON,
        re.compile(
            r"(?:(?:患者|病人)?姓名|患者|病人|医生|医师|联系人)(?P<mark>[: ]{0,2})(?P<value>[\u4e00-\u9fff]{2,4})(?=[,。;\s(男女]|$)"
        ),
        0.7,
        _is_called_so,
        cues=("姓名", "患者", "病人", "医", "联系人"),
    ),
    Rule(
        # "孙护士长": a surname that many people in China bear, and a post.
        "name.cjk_post",
        PERSON,
        re.compile(
            rf"(?:(?<![\u4e00-\u9fff])|(?<=[由经请找是与和向被跟问])(?!于))(?P<value>(?!向|于医[生师]){HAN_SURNAME}|(?!于医[生师]|班主任)[{HAN_RARER}])(?=护士(?!站)|护师|医生|医师|大夫|主任|教授|院长|药师|技师|女士|先生|太太|阿姨|老师|师傅|警官|律师)"
        ),
        0.6,
        cues=("护", "医", "大夫", "主任", "教授", "院长", "师", "女士", "先生", "太太", "阿姨"),
    ),
    Rule(
        # "记录者:韩梅", "家属签名: 刘洋", "器械护士 陶红 巡回护士 姜丽", "【姓名】李伟", "|姓名|李伟|".
        "name.cjk_labelled",
        PERSON,
        re.compile(
            rf"(?:(?:姓[ ]?名|{_SIGNED})(?:[ ]?[:\uff1a=][ \t_\n]{{0,8}}|[】|\]][ ]?|[(][ ]?|\t)|姓[ ]?名[-\n]|(?:{_SIGNED})[ ]{{1,4}})(?P<value>{_SURNAME}[ ]?{_GIVEN}{{1,2}}){_FIELD_ENDS}"
        ),
        0.75,
        _is_somebody,
        needs=re.compile(
            r"[名字人者员員师师師生士授任长長主刀助手亲母父夫妻偶子女儿哥弟姐妹孙婿媳姆居事友属妇司机陪护工]"
        ),
    ),
    Rule(
        # "参加人员:李伟、王芳", the second and all others.
        "name.cjk_listed",
        PERSON,
        re.compile(
            rf"(?:人员?|者|师|助手|医生|护士|签[名字])[:\uff1a][ ]?{_FULL}(?:{_POST})?(?:[、,/ ][ ]?(?P<value>{_FULL}(?:(?:{_POST})?[、,/][ ]?{_FULL}){{0,7}}))(?={_POST}|[^\u4e00-\u9fff]|\Z)"
        ),
        0.7,
        _is_somebody,
        cues=("人:", "人员:", "者:", "师:", "助手:", "生:", "士:", "名:", "字:"),
    ),
    Rule(
        # "患者李伟于", "家属王建国签字", "其子王磊陪同", "患者之女李娜".
        "name.cjk_told",
        PERSON,
        re.compile(
            rf"(?:患者|病人|患儿|死者|家属|产妇|[其患](?:者)?之?(?:[长次]?[子女]|儿子|女儿|夫|妻|妻子|丈夫|母亲|父亲|父|母|弟弟|哥哥|姐姐|妹妹|爱人|配偶))(?P<value>{_FULL}?)"
            r"(?=签[字名]|陪[同护伴]|代[述诉签]|(?:于|因)[昨今0-9]|[,( ]{1,2}[男女][性]?[,、 )]|(?<!者..)(?<!人..)(?<!者...)(?<!人...)(?:[,。;、)]|\Z)|自述|主诉|诉[头胸腹腰咳疼心乏]|要求|表示[理同]|来院|拒绝)"
        ),
        0.7,
        _is_somebody,
        needs=re.compile(r"患|病人|死者|家属|产妇|其"),
    ),
    Rule(
        # "李伟,男,56岁", "李伟(女,34岁)", where a field begins.
        "name.cjk_sex",
        PERSON,
        re.compile(
            rf"(?<![\u4e00-\u9fff])(?P<value>{_FULL})(?=[ ]{{0,2}}[,(、/ |][ ]{{0,2}}(?:性别[: ]{{0,2}})?[男女]性?[ ]{{0,2}}[,)、/ |][ ]{{0,2}}(?:年龄[: ]{{0,2}})?[0-9]{{1,3}}[ ]?(?:岁|歲|个?月|天|,))"
        ),
        0.8,
        _is_somebody,
        cues=("男", "女"),
    ),
    Rule(
        # "3床李伟", "+5床 王秀英": who lies in a bed.
        "name.cjk_bed",
        PERSON,
        re.compile(rf"(?<=[0-9]床)[ ]?(?P<value>{_FULL})(?![\u4e00-\u9fff])(?![ ]?[0-9.%+(↑↓-])"),
        0.65,
        _is_somebody,
        cues=("床",),
    ),
    Rule(
        # "今日李建国副主任医师查房", "请骨科刘志远主任会诊", "张伟主任医师".
        "name.cjk_full_post",
        PERSON,
        re.compile(rf"{_OPENS_FULL}(?P<value>{_SURNAME}{_GIVEN}{{1,2}}?)(?={_POST})"),
        0.65,
        cues=(*_POST_CUES, "院长"),
    ),
    Rule(
        # "今日王主任查房", "告知李医生", "心内科王主任", "钱副主任医师", "欧阳医生", "張醫師".
        "name.cjk_post_behind",
        PERSON,
        re.compile(
            rf"{_OPENS_FULL}(?P<value>{_SURNAME})(?={_POST}|护理长|工程师|师傅|师兄|师姐|老师|阿姨|副?科长|副?处长|所长|书记|博士|总(?=查房|[,。]))"
        ),
        0.6,
        cues=(*_POST_CUES, "長", "长", "師", "阿姨", "书记", "博士", "总"),
    ),
    Rule(
        # "老张", "小李今天值班": not "小梁" nor "小马".
        "name.cjk_young",
        PERSON,
        re.compile(
            r"(?:(?<![\u4e00-\u9fff])|(?<=[找问叫由和与]))(?P<value>[小老](?:王|李|张|刘|陈|杨|赵|吴|周|徐|孙|朱|胡|郭|林|罗|郑|谢|宋|许|韩|冯|邓|曹|彭|曾|董|袁|潘|蔡|杜|魏|吕|姚|崔|谭|邹|薛|贺|郝|邵|钱))(?=[^\u4e00-\u9fff]|\Z|今|明|昨|值|夜|白班|说|去来?|你|帮|请|护士|医生|大夫|老师|主任|同学|技师)"
        ),
        0.65,
        cues=("小", "老"),
    ),
    Rule(
        # "我叫李伟", "尊敬的李伟先生", "@李伟".
        "name.cjk_called",
        PERSON,
        re.compile(
            rf"(?:我叫|名叫|名字[叫是]|我是|尊敬的|亲爱的|@)[ ]?(?P<value>{_FULL}?)(?=先生|女士|小姐|医生|医师|主任|教授|护士|同志|阿姨|[^\u4e00-\u9fff]|\Z)"
        ),
        0.7,
        _is_somebody,
        cues=("叫", "名字是", "我是", "敬的", "爱的", "@"),
    ),
    Rule(
        # "张XX", "王**", "李*明", "张某,男".
        "name.cjk_starred",
        PERSON,
        re.compile(
            rf"(?:(?<![\u4e00-\u9fff])|(?<=患者)|(?<=病人)|(?<=家属))(?P<value>{_SURNAME}(?:[xX×*○〇]{{2}}|[×*○〇](?:{_GIVEN})?))(?![0-9A-Za-z×*])"
        ),
        0.7,
        needs=re.compile(r"[\u4e00-\u9fff][xX×*○〇]"),
    ),
    Rule(
        # "贝贝重打": a colleague or a child by a pet name.
        "name.cjk_doubled",
        PERSON,
        re.compile(rf"(?P<value>(?P<letter>[{_DOUBLED}])(?P=letter))(?!(?P=letter)|[舞网])"),
        0.7,
        cues=tuple(2 * letter for letter in _DOUBLED),
    ),
    Rule(
        # What hides a name leaves its surname: "盖某某,男,66岁". "于某医院" is no one.
        "name.cjk_hidden",
        PERSON,
        re.compile(
            rf"{_OPENS}(?P<value>(?![于向和]){_FAMILY}某(?:某|(?=[^\u4e00-\u9fff]|\Z|因|诉|的|之|在|于|系|自))|于某某(?![医地年月日院公单处]))"
        ),
        0.85,
        cues=("某",),
    ),
    Rule(
        # "保姆刘姐", "到隋大爷家": one letter behind a surname is part of what somebody is called.
        "name.cjk_familiar",
        PERSON,
        re.compile(
            rf"{_OPENS}(?P<value>{_FAMILY}(?:[姐哥叔姨婶嫂](?!姐|哥|叔|姨|婶|嫂)|(?=大爷|大妈|大娘|大伯|大姐|大哥|大叔|大婶|大嫂|阿姨|阿婆|阿公|奶奶|爷爷|老伯|老太)))"
        ),
        0.7,
        cues=tuple("姐哥叔姨婶嫂爷妈娘伯婆公奶太"),
    ),
)
