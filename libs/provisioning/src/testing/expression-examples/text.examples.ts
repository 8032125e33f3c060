import type { Examples } from './examples.ts';

export const textExamples: Examples = {
  Append: [
    ['Append([userPrincipalName], ".test")', 'jsmith@contoso.com.test'],
    ['Append(Mid([givenName], 1, 3), Mid([surname], 1, 5))', 'ZoëDoe'],
    ['Append([mail], ".test")', null],
  ],
  Join: [
    ['Join(", ", "", [surname], [givenName])', 'Doe, Zoë'],
    ['Join(";", [proxyAddresses], [mail], "z")', 'a@x.example;B@x.example;a@x.example;z'],
    ['Join("", 1000, [flags])', '1000247'],
    ['Join("-", [mail])', ''],
  ],
  Left: [
    ['Left("John Doe", 3)', 'Joh'],
    ['Left("John", 0)', ''],
    ['Left("John", -1)', 'John'],
    ['Left("John", 9)', 'John'],
    ['Left([mail], 3)', ''],
  ],
  Right: [
    ['Right("John Doe", 3)', 'Doe'],
    ['Right("John", 0)', ''],
    ['Right("John", -1)', 'John'],
    ['Right("John", 9)', 'John'],
  ],
  Mid: [
    ['Mid("John", 2, 2)', 'oh'],
    ['Mid("John", 3, 9)', 'hn'],
    ['Mid("John", 0, 2)', 'Jo'],
    ['Mid("John", 9, 2)', ''],
    ['Mid("John", 1, -1)', ''],
    ['Mid([mail], 1, 2)', null],
  ],
  Len: [
    ['Len([surname])', 3],
    ['Len([mail])', 0],
  ],
  InStr: [
    ['InStr("The quick brown fox","quick")', 5],
    ['InStr("repEated","e",3,vbBinaryCompare)', 7],
    ['InStr("repEated","e",3,vbTextCompare)', 4],
    ['InStr("repEated","z")', 0],
  ],
  Trim: [
    ['Trim("  a b ")', 'a b'],
    ['Trim([mail])', null],
  ],
  StripSpaces: [['StripSpaces(" a b ")', 'ab']],
  ToLower: [
    ['ToLower([proxyAddresses])', ['a@x.example', 'b@x.example', 'a@x.example']],
    ['ToLower("TITLE", "tr-TR")', 'tıtle'],
    ['ToLower("TITLE")', 'title'],
  ],
  ToUpper: [
    ['ToUpper([surname])', 'DOE'],
    ['ToUpper("title", "tr-TR")', 'TİTLE'],
  ],
  PCase: [
    ['PCase("PABLO GONSALVES (SECOND)")', 'Pablo Gonsalves (Second)'],
    ['PCase("PINTO-DE\'SILVA"," \'-")', "Pinto-De'Silva"],
    ['PCase("PINTO-DE\'SILVA")', "Pinto-De'silva"],
    ['PCase("étienne de ÉCOLE", " ")', 'Étienne De École'],
  ],
  NormalizeDiacritics: [
    ['NormalizeDiacritics([givenName])', 'Zoe'],
    ['NormalizeDiacritics([displayName])', 'Ada Loevelace'],
    ['NormalizeDiacritics("Ǟßæœıđ ÅÖÜ")', 'Assaeoeid AOU'],
    ['NormalizeDiacritics("Сергей が Άννα 김")', 'Сергей が Άννα 김'],
  ],
  Word: [
    ['Word("The quick brown fox",3," ")', 'brown'],
    ['Word("This,string!has&many separators",3,",!&#")', 'has'],
    ['Word("one",2," ")', ''],
    ['Word([mail],1," ")', ''],
    ['Word("one",0," ")', ''],
  ],
  ConvertToBase64: [['ConvertToBase64("Hello world!")', 'SABlAGwAbABvACAAdwBvAHIAbABkACEA']],
  ConvertToUTF8Hex: [['ConvertToUTF8Hex("Hello world!")', '48656C6C6F20776F726C6421']],
  Replace: [
    ['Replace("Product Developer","Product Developer", , , "Software Engineer", , )', 'Software Engineer'],
    ['Replace([userPrincipalName], "@contoso.com", , ,"", ,)', 'jsmith'],
    ['Replace([userPrincipalName], "@contoso.com", , ,"")', 'jsmith'],
    ['Replace("a.b.c", ".", , , "-")', 'a-b-c'],
    ['Replace("jsmith","<username>", , , , , "<username>@contoso.com")', 'jsmith@contoso.com'],
    [
      String.raw`Replace([telephoneNumber], , "\\+(?<isdCode>\\d* )(?<phoneNumber>\\d{10})", , "${'${phoneNumber}'}", , )`,
      '9998887777',
    ],
    [String.raw`Replace([mobile], , "[()\\s-]+", , "", , )`, '+19998887777'],
    [
      String.raw`Replace("545 Tremont Street", ,"(?<streetNumber>^\\d*)","streetNumber", "888", , )`,
      '888 Tremont Street',
    ],
    ['Replace([userPrincipalName], , "(?<Suffix>@(.)*)", "Suffix", "", , )', 'jsmith'],
    [
      String.raw`Replace([mail], , "\\+(?<isdCode>\\d* )(?<phoneNumber>\\d{10})", "phoneNumber" , , [telephoneNumber], )`,
      '9998887777',
    ],
    [String.raw`Replace([surname], , "(?<digits>\\d+)", "digits" , , [telephoneNumber], )`, 'Doe'],
    [String.raw`Replace([mail], , "(?<word>[a-z]+)", "word" , , [telephoneNumber], )`, null],
    ['Replace("john_doe72", , "[a-zA-Z_]*", , "", , )', '72'],
    ['Replace("Doe, Ada", , "(\\\\w+), (\\\\w+)", , "$2 $1 costs $$")', 'Ada Doe costs $'],
    ['Replace([mail], "a", , , "b")', null],
  ],
};
