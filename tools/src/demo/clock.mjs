import { until } from './story.mjs';

/** Business time, which stands still until the story moves it. */
export const demoClock = (root) => ({
  moveTo: (instant) => root.post('/clock', { to: instant }, 200),
  /** Until nobody has anything left to do at this instant. */
  settled: (patienceMs) =>
    until(
      'the system comes to rest',
      async () => {
        const { settled, waiting } = await root.get('/clock');
        return settled || (waiting ?? 'not settled');
      },
      patienceMs,
    ),
});
