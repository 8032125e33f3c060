/** Calls back for every module that a file names: imports, re-exports, dynamic imports, types. */
export const eachImport = (visit) => {
  const visitSource = (node) => {
    if (typeof node.source?.value === 'string') visit(node.source.value, node.source);
  };
  return {
    ImportDeclaration: visitSource,
    ExportNamedDeclaration: visitSource,
    ExportAllDeclaration: visitSource,
    ImportExpression: visitSource,
    TSImportType: visitSource,
  };
};
