const systems = [
  'darwin',
  'linux',
  'win32',
  'windows',
  'freebsd',
  'android',
  'openharmony',
  'netbsd',
  'openbsd',
  'sunos',
  'aix',
];
const processors = ['arm64', 'x64', 'ia32', 'arm', 'ppc64', 's390x', 'riscv64', 'loong64', 'mips64el', 'wasm32'];
const exact = /^\d+\.\d+\.\d+/;

/** Where Node looks for a package, from the folder of the one that needs it up to the root. */
const lookupPaths = (from, name) => {
  const paths = [];
  for (let at = from; ;) {
    paths.push(`${at ? `${at}/` : ''}node_modules/${name}`);
    if (!at) return paths;
    const end = at.lastIndexOf('/node_modules/');
    at = end < 0 ? '' : at.slice(0, end);
  }
};

const satisfies = (entry, range) => entry && (!exact.test(range) || entry.version === range);

/** What a platform package's name says about where it runs: `@swc/core-linux-arm64-musl`. */
const platformOf = (name) => {
  const parts = name.split(/[-/_]/);
  const system = parts.find((part) => systems.includes(part));
  const processor =
    processors.find((one) => parts.includes(one)) ?? (parts.some((part) => part.startsWith('arm')) ? 'arm' : undefined);
  const libc = ['musl', 'gnu'].find((one) => parts.some((part) => part.startsWith(one)));
  return {
    ...(system && { os: [system === 'windows' ? 'win32' : system] }),
    ...(processor && { cpu: [processor] }),
    ...(system === 'linux' && libc && { libc: [libc === 'gnu' ? 'glibc' : libc] }),
  };
};

/**
 * The entries that a lock lacks for optional packages of platforms that the registry did not offer where it
 * was written. `npm ci` on those platforms refuses a lock without them.
 */
export const missingOptional = (packages) => {
  const missing = {};
  for (const [path, needy] of Object.entries(packages)) {
    for (const [name, range] of Object.entries(needy.optionalDependencies ?? {})) {
      const known = { ...packages, ...missing };
      if (lookupPaths(path, name).some((at) => satisfies(known[at], range))) continue;
      const shared = `node_modules/${name}`;
      const place = known[shared] ? `${path}/node_modules/${name}` : shared;
      missing[place] = {
        version: range.replace(/^[\^~]/, ''),
        ...platformOf(name),
        ...(needy.dev && { dev: true }),
        optional: true,
      };
    }
  }
  return missing;
};
