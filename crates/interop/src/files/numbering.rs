//! How automatic numbers of lists look: the number styles of Word (ECMA-376 17.18.59) and HTML that Japanese documents use.

/// A number style.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    None,
    Bullet,
    Decimal,
    DecimalFullWidth,
    DecimalZero,
    Circled,
    LowerLetter,
    UpperLetter,
    LowerRoman,
    UpperRoman,
    Aiueo,
    AiueoFullWidth,
    Iroha,
    IrohaFullWidth,
    Kanji,
}

const AIUEO: &str = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン";
const AIUEO_HALF: &str = "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜｦﾝ";
const IROHA: &str = "イロハニホヘトチリヌルヲワカヨタレソツネナラムウヰノオクヤマケフコエテアサキユメミシヱヒモセス";
const IROHA_HALF: &str = "ｲﾛﾊﾆﾎﾍﾄﾁﾘﾇﾙｦﾜｶﾖﾀﾚｿﾂﾈﾅﾗﾑｳｲﾉｵｸﾔﾏｹﾌｺｴﾃｱｻｷﾕﾒﾐｼｴﾋﾓｾｽ";

impl Style {
    /// The style of a `w:numFmt` value; those that are not known print as decimal numbers, as Word does.
    pub(super) fn of_word(name: &str) -> Self {
        match name {
            "none" => Self::None,
            "bullet" => Self::Bullet,
            "decimalFullWidth" | "decimalFullWidth2" => Self::DecimalFullWidth,
            "decimalZero" => Self::DecimalZero,
            "decimalEnclosedCircle" | "decimalEnclosedCircleChinese" => Self::Circled,
            "lowerLetter" => Self::LowerLetter,
            "upperLetter" => Self::UpperLetter,
            "lowerRoman" => Self::LowerRoman,
            "upperRoman" => Self::UpperRoman,
            "aiueo" => Self::Aiueo,
            "aiueoFullWidth" => Self::AiueoFullWidth,
            "iroha" => Self::Iroha,
            "irohaFullWidth" => Self::IrohaFullWidth,
            "japaneseCounting" | "chineseCounting" | "ideographDigital" | "japaneseDigitalTenThousand" => Self::Kanji,
            _ => Self::Decimal,
        }
    }

    /// The number in this style.
    pub(super) fn number(self, number: i64) -> String {
        let plain = number.to_string();
        match self {
            Self::None | Self::Bullet => String::new(),
            Self::Decimal => plain,
            Self::DecimalZero => format!("{number:02}"),
            Self::DecimalFullWidth => plain.chars().map(full_width).collect(),
            Self::Circled => circled(number).map_or(plain, String::from),
            Self::LowerLetter => letters(number).unwrap_or(plain).to_ascii_lowercase(),
            Self::UpperLetter => letters(number).unwrap_or(plain),
            Self::LowerRoman => roman(number).unwrap_or(plain).to_ascii_lowercase(),
            Self::UpperRoman => roman(number).unwrap_or(plain),
            Self::Aiueo => nth(AIUEO_HALF, number).unwrap_or(plain),
            Self::AiueoFullWidth => nth(AIUEO, number).unwrap_or(plain),
            Self::Iroha => nth(IROHA_HALF, number).unwrap_or(plain),
            Self::IrohaFullWidth => nth(IROHA, number).unwrap_or(plain),
            Self::Kanji => kanji(number).unwrap_or(plain),
        }
    }
}

fn nth(alphabet: &str, number: i64) -> Option<String> {
    let index = usize::try_from(number.checked_sub(1)?).ok()?;
    alphabet.chars().nth(index).map(String::from)
}

fn full_width(c: char) -> char {
    char::from_digit(c.to_digit(10).unwrap_or(10), 10).and_then(|_| char::from_u32(c as u32 + 0xfee0)).unwrap_or(c)
}

fn circled(number: i64) -> Option<char> {
    let number = u32::try_from(number).ok()?;
    match number {
        0 => Some('⓪'),
        1..=20 => char::from_u32(0x2460 + number - 1),
        21..=35 => char::from_u32(0x3251 + number - 21),
        36..=50 => char::from_u32(0x32b1 + number - 36),
        _ => None,
    }
}

/// A, B … Z, AA, BB … as Word counts.
fn letters(number: i64) -> Option<String> {
    let index = usize::try_from(number.checked_sub(1)?).ok()?;
    let letter = char::from(b'A' + u8::try_from(index % 26).ok()?);
    (index < 260).then(|| std::iter::repeat_n(letter, index / 26 + 1).collect())
}

fn roman(number: i64) -> Option<String> {
    const PARTS: [(i64, &str); 13] = [
        (1000, "M"),
        (900, "CM"),
        (500, "D"),
        (400, "CD"),
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ];
    if !(1..4000).contains(&number) {
        return None;
    }
    let (mut rest, mut text) = (number, String::new());
    for (value, part) in PARTS {
        while rest >= value {
            text.push_str(part);
            rest -= value;
        }
    }
    Some(text)
}

fn kanji(number: i64) -> Option<String> {
    const DIGITS: [&str; 10] = ["", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
    if number == 0 {
        return Some("〇".to_owned());
    }
    if !(1..10_000).contains(&number) {
        return None;
    }
    let mut text = String::new();
    for (value, unit) in [(1000, "千"), (100, "百"), (10, "十"), (1, "")] {
        let digit = usize::try_from(number / value % 10).ok()?;
        if digit > 1 || (digit == 1 && value == 1) {
            text.push_str(DIGITS[digit]);
        }
        if digit > 0 {
            text.push_str(unit);
        }
    }
    Some(text)
}
