// Polls by lane, sorted by start: a view of the run is a range of each lane, found by bisection.
function timelineModel(data) {
  const { polls } = data;
  const lanes = data.workers.map((worker, i) => ({ worker, index: i, polls: [], longest: 0 }));
  let unknown = null;
  for (let i = 0; i < polls.count; i++) {
    let lane = lanes[polls.worker[i]];
    if (!lane) lane = unknown = unknown || { worker: { target: -1, runtime: -1, tid: 0, name: "unknown" }, index: -1, polls: [], longest: 0 };
    lane.polls.push(i);
    if (polls.wall[i] > lane.longest) lane.longest = polls.wall[i];
  }
  if (unknown) lanes.push(unknown);

  // The first poll of a lane that may reach into the view: starts before from - longest cannot.
  function first(lane, from) {
    let low = 0, high = lane.polls.length;
    const wanted = from - lane.longest;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (polls.start[lane.polls[middle]] < wanted) low = middle + 1; else high = middle;
    }
    return low;
  }

  return { lanes, first, order: lanes.flatMap(lane => lane.polls).sort((a, b) => polls.start[a] - polls.start[b]) };
}

// A step of 1, 2 or 5 times a power of ten, such that about `wanted` ticks fit.
function tickStep(range, wanted) {
  const rough = range / Math.max(1, wanted);
  const power = Math.pow(10, Math.floor(Math.log10(rough)));
  const lead = rough / power;
  return power * (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10);
}
