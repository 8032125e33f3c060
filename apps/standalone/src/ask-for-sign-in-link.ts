import { Misconfigured } from '@tenure/platform';

/** A link that signs in once, of the system that runs at the URL: of the admin with the address, else of the first super admin. */
export const askForSignInLink = async (
  baseUrl: string,
  rootKey: string,
  email?: string,
): Promise<{ url: string; expiresAt: string }> => {
  const response = await fetch(`${baseUrl}/auth/links`, {
    method: 'POST',
    headers: { authorization: `Bearer ${rootKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(email === undefined ? {} : { email }),
  });
  const answer = (await response.json()) as { url: string; expiresAt: string; detail?: string };
  if (!response.ok) throw new Misconfigured(`There is no link: ${answer.detail ?? response.status}`);
  return answer;
};
