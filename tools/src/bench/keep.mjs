/** Remembers what was started, and stops all of it in the opposite order, whatever fails on the way. */
export const keeper = () => {
  const kept = [];
  const stopAll = async () => {
    for (const { stop } of kept.splice(0).reverse())
      await stop().catch((error) => console.error(`Could not be stopped: ${error.message}`));
  };
  const keep = async (starting) => {
    const started = await starting;
    kept.push(started);
    return started;
  };
  return { keep, stopAll };
};
