// Base64 -> gzip -> JSON in columns -> what the charts use.
async function loadData(id = "data") {
  const text = byId(id).textContent;
  const packed = Uint8Array.from(atob(text), c => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return unpack(JSON.parse(await new Response(stream).text()));
}

function unpack(raw) {
  const polls = raw.polls;
  const count = polls.start.length;
  const start = Float64Array.from(sums(polls.start));
  return {
    observed: Math.max(1, raw.observed),
    names: raw.names,
    frames: unpackFrames(raw.frames),
    stacks: unpackStacks(raw.stacks),
    weights: raw.weights.map(w => ({ task: w[0], stack: w[1], cpu: w[2], blocked: w[3], count: w[4] })),
    polls: {
      count, start,
      wall: Float64Array.from(polls.wall, w => Math.max(0, w)),
      blocked: polls.blocked, queued: polls.queued, worker: polls.worker, task: polls.task,
      cause: polls.cause, stack: polls.stack, hotspot: polls.hotspot,
    },
    stalls: raw.stalls.map(s => ({ target: s[0], runtime: s[1], start: s[2], wall: s[3] })),
    workers: raw.workers.map(w => ({ target: w[0], runtime: w[1], tid: w[2], name: raw.names[w[3]] })),
    tasks: raw.tasks.map(t => ({ target: t[0], name: raw.names[t[1]] })),
    targets: raw.targets.map(t => ({ name: raw.names[t[0]], pid: t[1] })),
    hotspots: raw.hotspots.map(h => ({ cause: h[0], stack: h[1], fn: raw.names[h[2]], user: raw.names[h[3]], location: raw.names[h[4]] })),
  };
}

// Columns are written as differences where that is shorter.
function sums(differences) {
  let at = 0;
  return differences.map(d => at += d);
}

function unpackFrames(raw) {
  const name = sums(raw.name), location = sums(raw.location);
  return name.map((n, i) => ({ name: n, location: location[i], kind: raw.kind[i], inlined: raw.inlined[i] === 1 }));
}

// Leaf first, as indexes of frames.
function unpackStacks(raw) {
  const frame = sums(raw.frame);
  return sums(raw.leaf).map(leaf => {
    const stack = [];
    for (let node = leaf; node >= 0; node = raw.up[node] ? node - raw.up[node] : -1) stack.push(frame[node]);
    return stack;
  });
}
