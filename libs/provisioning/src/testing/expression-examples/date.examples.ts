import type { Examples } from './examples.ts';

export const dateExamples: Examples = {
  FormatDateTime: [
    ['FormatDateTime([hired], , "yyyyMMddHHmmss.fZ", "yyyy-MM-dd")', '2015-01-23'],
    [
      'FormatDateTime("2026-01-05T09:07:03.25+02:00", , "yyyy-MM-ddTHH:mm:ss.FFzzz", "ddd d MMM yy h:mm:ss tt K")',
      'Mon 5 Jan 26 7:07:03 AM Z',
    ],
    [
      'FormatDateTime("5 march 1999 12 PM", "AllowWhiteSpaces", "d MMMM yyyy hh tt", "dddd, dd.MM.yyyy HH\'h\' mm:ss.fff zzz")',
      'Friday, 05.03.1999 12h 00:00.000 +00:00',
    ],
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
  DateFromNum: [
    ['DateFromNum(129699324000000000)', '1/1/2012 11:00:00 PM'],
    ['DateFromNum("129699324000000000")', '1/1/2012 11:00:00 PM'],
    ['FormatDateTime(DateFromNum(129699324000000000), , "M/d/yyyy h:mm:ss tt", "yyyy-MM-dd")', '2012-01-01'],
    ['DateFromNum(0)', '1/1/1601 12:00:00 AM'],
    ['DateFromNum(-1)', '12/31/1600 11:59:59 PM'],
    ['DateFromNum(9223372036854775807)', null],
    ['DateFromNum("soon")', null],
    ['DateFromNum([mail])', null],
  ],
  NumFromDate: [
    ['NumFromDate("2012-01-01T23:00:00Z")', '129699324000000000'],
    ['NumFromDate("2012-01-01T23:00:00.0000001Z")', '129699324000000001'],
    [
      'NumFromDate(Join("", FormatDateTime("2020-03-16", , "yyyy-MM-dd", "yyyy-MM-dd"), " 23:59:59-08:00"))',
      '132289055990000000',
    ],
    ['NumFromDate(DateFromNum(129699324000000000))', '129699324000000000'],
    ['NumFromDate("1600-12-31T23:59:59.9999999Z")', '-1'],
    ['NumFromDate("soon")', null],
  ],
};
