import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Value, evaluate, functionNames, parseExpression } from './index.ts';

const ada: Record<string, Value> = {
  givenName: 'Zoë',
  surname: 'Doe',
  displayName: 'Ada Łøvelace',
  country: 'Netherlands',
  department: 'Sales',
  userPrincipalName: 'jsmith@contoso.com',
  mail: null,
  empty: '',
  none: [],
  isSoftDeleted: false,
  accountEnabled: true,
  proxyAddresses: ['a@x.example', 'B@x.example', 'a@x.example'],
  emails: [{ value: 'ada@x.example', type: 'work' }],
  appRoleAssignments: ['ADMIN', 'USER'],
  flags: 247,
  employeeId: '007',
  long: 'x'.repeat(16_000),
  mobile: '+1 (999) 888-7777',
  telephoneNumber: '+91 9998887777',
  hired: '20150123105347.1Z',
};

const role = (value: string) => ({ primary: false, type: 'WindowsAzureActiveDirectoryRole', display: value, value });

/** Every function with what it gives; most of these are the examples of Entra's own reference. */
const examples: Record<string, [expression: string, value: Value][]> = {
  Switch: [
    ['Switch([country], "Asia/Tokyo", "United States", "America/New_York", "Netherlands", "Europe/Amsterdam")', 'Europe/Amsterdam'],
    ['Switch([department], "Asia/Tokyo", "United States", "America/New_York")', 'Asia/Tokyo'],
    ['Switch([isSoftDeleted],, "False", "True", "True", "False")', 'True'],
    ['Switch([isSoftDeleted],, “False”, “True”, “True”, “False”)', 'True'],
    ['Switch([country],, "netherlands", "no")', null],
    ['Switch([mail], "other", "", "nothing")', 'nothing'],
    ['switch([country], [department], "x", "y")', 'Sales'],
  ],
  IIF: [
    ['IIF([country]="Netherlands",[country],[department])', 'Netherlands'],
    ['IIF([country]="netherlands",1,2)', 2],
    ['IIF([country]<>"USA","abroad","home")', 'abroad'],
    ['IIF([mail]<>"USA","abroad","home")', 'abroad'],
    ['IIF([mail]="","none","some")', 'none'],
    ['IIF([mail]<"b","less","not")', 'not'],
    ['IIF([flags]>=247,"yes","no")', 'yes'],
    ['IIF([flags]>1000,"yes","no")', 'no'],
    ['IIF([surname]<"Eve","before","after")', 'before'],
    ['IIF([surname]<="Doe","yes","no")', 'yes'],
    ['IIF([employeeId]="7","same","other")', 'other'],
    ['IIF([accountEnabled]="true","on","off")', 'on'],
    ['IIF([accountEnabled],"on","off")', 'on'],
    ['IIF(IsPresent([mail]),[mail],"Other")', 'Other'],
    ['IIF([country]="Netherlands",IIF([department]="Sales","both","one"),"neither")', 'both'],
  ],
  Coalesce: [
    ['Coalesce([mail],[userPrincipalName])', 'jsmith@contoso.com'],
    ['Coalesce([mail],[empty],"nobody")', 'nobody'],
    ['Coalesce([mail])', null],
  ],
  Not: [
    ['Not([accountEnabled])', false],
    ['Not("False")', true],
    ['Not([mail])', true],
  ],
  IsPresent: [
    ['IsPresent([surname])', true],
    ['IsPresent([empty])', false],
  ],
  IsNull: [
    ['IsNull([mail])', true],
    ['IsNull([none])', true],
    ['IsNull([empty])', false],
  ],
  IsNullOrEmpty: [
    ['IsNullorEmpty([empty])', true],
    ['IsNullOrEmpty([surname])', false],
  ],
  IsString: [
    ['IsString([surname])', true],
    ['IsString([flags])', false],
    ['IsString([mail])', false],
  ],
  IgnoreFlowIfNullOrEmpty: [
    ['IgnoreFlowIfNullOrEmpty([department])', 'Sales'],
    ['IgnoreFlowIfNullOrEmpty([mail])', null],
  ],
  CBool: [
    ['CBool([country] = [department])', false],
    ['CBool(3)', true],
    ['CBool("0")', false],
    ['CBool("tRue")', true],
  ],
  CStr: [
    ['CStr([accountEnabled])', 'True'],
    ['CStr(12.5)', '12.5'],
    ['CStr([emails])', 'ada@x.example'],
    ['CStr([mail])', null],
  ],
  CNum: [
    ['CNum("-12.5")', -12.5],
    ['CNum([accountEnabled])', 1],
    ['CNum("twelve")', null],
  ],
  BitAnd: [
    ['BitAnd(&HF, &HF7)', 7],
    ['BitAnd([flags], 8)', 0],
    ['BitAnd([surname], 8)', null],
  ],
  Append: [
    ['Append([userPrincipalName], ".test")', 'jsmith@contoso.com.test'],
    ['Append(Mid([givenName], 1, 3), Mid([surname], 1, 5))', 'ZoëDoe'],
    ['Append([mail], ".test")', null],
    ['Append([long], [long])', null],
  ],
  Join: [
    ['Join(", ", "", [surname], [givenName])', 'Doe, Zoë'],
    ['Join(";", [proxyAddresses], [mail], "z")', 'a@x.example;B@x.example;a@x.example;z'],
    ['Join("", 1000, [flags])', '1000247'],
    ['Join("-", [mail])', ''],
    ['Join("-", [long], [long])', null],
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
    [String.raw`Replace([telephoneNumber], , "\\+(?<isdCode>\\d* )(?<phoneNumber>\\d{10})", , "${'${phoneNumber}'}", , )`, '9998887777'],
    [String.raw`Replace([mobile], , "[()\\s-]+", , "", , )`, '+19998887777'],
    [String.raw`Replace("545 Tremont Street", ,"(?<streetNumber>^\\d*)","streetNumber", "888", , )`, '888 Tremont Street'],
    ['Replace([userPrincipalName], , "(?<Suffix>@(.)*)", "Suffix", "", , )', 'jsmith'],
    [String.raw`Replace([mail], , "\\+(?<isdCode>\\d* )(?<phoneNumber>\\d{10})", "phoneNumber" , , [telephoneNumber], )`, '9998887777'],
    [String.raw`Replace([surname], , "(?<digits>\\d+)", "digits" , , [telephoneNumber], )`, 'Doe'],
    [String.raw`Replace([mail], , "(?<word>[a-z]+)", "word" , , [telephoneNumber], )`, null],
    ['Replace("john_doe72", , "[a-zA-Z_]*", , "", , )', '72'],
    ['Replace("Doe, Ada", , "(\\\\w+), (\\\\w+)", , "$2 $1 costs $$")', 'Ada Doe costs $'],
    ['Replace([mail], "a", , , "b")', null],
    ['Replace([long], "x", , , "0123456789")', null],
    ['Replace([long], , "x", , "$&$&")', null],
  ],
  Split: [
    ['Split("PermissionSetOne, PermissionSetTwo", ",")', ['PermissionSetOne', 'PermissionSetTwo']],
    ['Split([mail], ",")', null],
  ],
  Count: [
    ['Count([proxyAddresses])', 3],
    ['Count([surname])', 1],
    ['Count([mail])', 0],
  ],
  Item: [
    ['Item([proxyAddresses], 2)', 'B@x.example'],
    ['Item([proxyAddresses], 0)', null],
    ['Item([emails], 1)', [{ value: 'ada@x.example', type: 'work' }]],
  ],
  First: [['First([proxyAddresses])', 'a@x.example']],
  Last: [['Last(Split("a,b,c", ","))', 'c']],
  RemoveDuplicates: [['RemoveDuplicates([proxyAddresses])', ['a@x.example', 'B@x.example']]],
  SingleAppRoleAssignment: [
    ['SingleAppRoleAssignment([appRoleAssignments])', 'ADMIN'],
    ['SingleAppRoleAssignment([none])', null],
  ],
  AppRoleAssignmentsComplex: [['AppRoleAssignmentsComplex([appRoleAssignments])', [role('ADMIN'), role('USER')]]],
  AssertiveAppRoleAssignmentsComplex: [
    ['AssertiveAppRoleAssignmentsComplex([appRoleAssignments])', [role('ADMIN'), role('USER')]],
    ['AssertiveAppRoleAssignmentsComplex([none])', []],
  ],
  FormatDateTime: [
    ['FormatDateTime([hired], , "yyyyMMddHHmmss.fZ", "yyyy-MM-dd")', '2015-01-23'],
    ['FormatDateTime("2026-01-05T09:07:03.25+02:00", , "yyyy-MM-ddTHH:mm:ss.FFzzz", "ddd d MMM yy h:mm:ss tt K")', 'Mon 5 Jan 26 7:07:03 AM Z'],
    ['FormatDateTime("5 march 1999 12 PM", "AllowWhiteSpaces", "d MMMM yyyy hh tt", "dddd, dd.MM.yyyy HH\'h\' mm:ss.fff zzz")', 'Friday, 05.03.1999 12h 00:00.000 +00:00'],
    ['FormatDateTime("2026-02-30", , "yyyy-MM-dd", "d")', null],
    ['FormatDateTime("5/1/49", , "M/d/yy", "s")', '2049-05-01T00:00:00'],
    ['FormatDateTime("tomorrow", , "yyyy-MM-dd", "yyyy")', null],
    ['FormatDateTime([mail], , "yyyy-MM-dd", "yyyy")', null],
  ],
  CDate: [
    ['CDate("2020-03-16-07:00")', '3/16/2020 7:00:00 AM'],
    ['CDate("2021-06-30+08:00")', '6/29/2021 4:00:00 PM'],
    ['CDate("2009-06-15T01:45:30-07:00")', '6/15/2009 8:45:30 AM'],
    ['CDate("soon")', null],
  ],
  DateAdd: [
    ['DateAdd("d", 7, CDate("2012-03-16-07:00"))', '3/23/2012 7:00:00 AM'],
    ['DateAdd("d", -10, CDate("2012-03-16-07:00"))', '3/6/2012 7:00:00 AM'],
    ['DateAdd("ww", 2, CDate("2012-03-16-07:00"))', '3/30/2012 7:00:00 AM'],
    ['DateAdd("m", 10, CDate("2012-03-16-07:00"))', '1/16/2013 7:00:00 AM'],
    ['DateAdd("yyyy", 2, CDate("2012-03-16-07:00"))', '3/16/2014 7:00:00 AM'],
    ['DateAdd("m", 1, "2024-01-31")', '2/29/2024 12:00:00 AM'],
    ['DateAdd("yyyy", 9000, "2024-01-31")', null],
  ],
  DateDiff: [
    ['DateDiff("d", "2021-08-18+08:00", "2021-08-31+08:00")', 13],
    ['DateDiff("d", "8/25/2021 5:41:18 PM", "2012-03-16-07:00")', -3449],
    ['DateDiff("ww", "8/25/2021 5:41:18 PM", "2012-03-16-07:00")', -493],
    ['DateDiff("m", "8/25/2021 5:41:18 PM", "2012-03-16-07:00")', -113],
    ['DateDiff("yyyy", "8/25/2021 5:41:18 PM", "2012-03-16-07:00")', -9],
    ['DateDiff("d", "2021-08-31+08:00", "2021-08-31+08:00")', 0],
    ['DateDiff("h", "2021-08-24", "2021-08-25")', 24],
    ['DateDiff("n", "2021-08-24", "2021-08-25")', 1440],
    ['DateDiff("s", "2021-08-24", "2021-08-25")', 86_400],
    ['DateDiff("s", "2021-08-24", [mail])', null],
  ],
};

describe('R37: the functions of the expression language', () => {
  it('have an example each', () => {
    expect(Object.keys(examples).toSorted()).toEqual(functionNames.toSorted());
  });

  for (const [name, table] of Object.entries(examples)) {
    describe(name, () => {
      it.each(table)('%s gives %j', (text, value) => {
        expect(evaluate(parseExpression(text), (source) => ada[source] ?? null)).toEqual(value);
      });
    });
  }
});

describe('R37: a value that grows too long', () => {
  it('is no value, wherever it comes from', () => {
    const lookup = (source: string) => (source === 'huge' ? 'x'.repeat(20_000) : null);
    expect(evaluate(parseExpression('Coalesce([huge], "fallback")'), lookup)).toBe('fallback');
  });
});

describe('R37: every example', () => {
  it('gives a value whatever its attributes hold', () => {
    const text = fc.oneof(fc.string(), fc.constantFrom('2026-02-30', '12', '-1', '99999999999999', '$&', '9999-12-31T23:59:59Z'));
    const value = fc.oneof(text, fc.double(), fc.boolean(), fc.constant(null), fc.array(text), fc.array(fc.record({ value: text })));
    const expressions = Object.values(examples).flatMap((table) => table.map(([each]) => parseExpression(each)));
    fc.assert(
      fc.property(fc.constantFrom(...expressions), value, value, (expression, one, other) => {
        expect(evaluate(expression, (source) => (source.length % 2 ? one : other))).not.toBeUndefined();
      }),
      { numRuns: 2000 },
    );
  });
});
