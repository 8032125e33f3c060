import type { Examples } from './examples.ts';

export const logicExamples: Examples = {
  Switch: [
    [
      'Switch([country], "Asia/Tokyo", "United States", "America/New_York", "Netherlands", "Europe/Amsterdam")',
      'Europe/Amsterdam',
    ],
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
};
