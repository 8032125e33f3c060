const directory = '/directory/v1/tenants';
const mapping = '/mapping/v1/tenants/{}';
const app = `${mapping}/apps/{}`;
const audit = '/audit/v1/tenants/{}';
const scim = '/scim/{}/{}/v2';

const routes = (base: string, lines: string): string[] =>
  lines
    .trim()
    .split('\n')
    .flatMap((line) => {
      const [methods = '', path = ''] = line.trim().split(/\s+/);
      return methods.split('|').map((method) => `${method} ${base}${path}`);
    });

/** The outside contract's routes that are built, `{}` for each id. */
export const apiRoutes = [
  ...routes(
    directory,
    `GET|POST
     GET|PUT /{}
     GET|POST /{}/admins
     PUT|DELETE /{}/admins/{}
     GET|POST /{}/keys
     GET|DELETE /{}/keys/{}
     GET|POST /{}/connections
     GET /{}/connections/{}
     PUT /{}/connections/{}/settings
     POST /{}/connections/{}/enable
     POST /{}/connections/{}/disable
     POST|DELETE /{}/connections/{}/token
     GET|POST /{}/users
     GET|PUT|PATCH|DELETE /{}/users/{}
     GET /{}/users/{}/history
     GET /{}/groups
     GET /{}/groups/{}
     GET /{}/groups/{}/history
     POST /{}/sign-in
     POST /{}/jit
     GET /{}/licences
     GET|PUT /{}/app-roles
     GET /{}/schemas
     GET|PUT|DELETE /{}/schemas/{}
     GET /{}/resource-types
     GET|PUT|DELETE /{}/resource-types/{}
     GET|POST /{}/resources/{}
     GET|PUT|DELETE /{}/resources/{}/{}
     GET /{}/resources/{}/{}/history`,
  ),
  ...routes('', 'GET|POST /clock'),
  ...routes('', 'GET /auth/v1/me'),
  ...routes(
    mapping,
    `GET|POST /apps
     GET /accounts
     GET /timers
     GET /jobs/{}`,
  ),
  ...routes(
    app,
    `GET
     GET|PUT /sso
     POST /on
     POST /off
     GET|PUT /credentials
     POST /test
     POST /reauthorize
     GET|PUT /endpoint
     GET|PUT /attributes
     GET|PUT /scope
     GET /scope/groups
     GET /assignments
     PUT|DELETE /assignments/{}/{}
     GET|PUT /deprovisioning
     GET|PUT /approvals
     GET|PUT /threshold
     POST /threshold/release
     GET|PUT /rules
     POST /rules/reapply
     GET|PUT /entitlements
     POST /initial-cycle
     POST /provision-on-demand
     DELETE /configuration
     GET /accounts
     GET /accounts/{}
     GET /accounts/{}/history
     POST /accounts/{}/approve
     POST /accounts/{}/reject
     POST /accounts/{}/retry
     POST /accounts/{}/disassociate
     POST /accounts/{}/recreate
     POST /accounts/{}/rematch
     POST /accounts/{}/adopt
     POST /accounts/approve
     POST /accounts/reject
     POST /accounts/adopt
     GET /timers`,
  ),
  ...routes(
    audit,
    `GET /entries
     GET /usage
     GET /usage.csv
     GET /log
     GET /checkpoint
     GET /checkpoints
     GET /tile/{}
     GET /proof
     POST /export
     GET /jobs/{}
     GET /exports/{}`,
  ),
  ...routes('/audit/v1/anchor', 'GET /checkpoint\nGET /tile/{}'),
  ...routes(
    scim,
    `GET|POST /Users
     GET|PUT|PATCH|DELETE /Users/{}
     GET|POST /Groups
     GET|PUT|PATCH|DELETE /Groups/{}
     GET|POST /{}
     GET|PUT|PATCH|DELETE /{}/{}
     GET /ServiceProviderConfig
     GET /ResourceTypes
     GET /Schemas`,
  ),
];
