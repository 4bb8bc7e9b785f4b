// Stacks joined from the root: all -> task -> frames, outermost first. Built once; laid out once for each metric.
// Every poll comes in through the same dozen frames of the runtime; without them the graph starts at the code.
function buildTree(data, withRuntime) {
  const parent = [-1], name = ["all workers"], kind = [4], location = [""];
  const cpu = [0], blocked = [0], count = [0];
  const children = new Map();
  const width = data.names.length + data.tasks.length + 4;

  function child(of, id, label, ofKind, where) {
    const key = of * width + id;
    let node = children.get(key);
    if (node === undefined) {
      node = parent.length;
      children.set(key, node);
      parent.push(of); name.push(label); kind.push(ofKind); location.push(where);
      cpu.push(0); blocked.push(0); count.push(0);
    }
    return node;
  }

  function add(node, weight) {
    cpu[node] += weight.cpu;
    blocked[node] += weight.blocked;
    count[node] += weight.count;
  }

  const taskIds = new Map();
  for (const weight of data.weights) {
    const task = data.tasks[weight.task];
    const label = task && task.name || "[task unknown]";
    if (!taskIds.has(label)) taskIds.set(label, data.names.length + taskIds.size);
    add(0, weight);
    let node = child(0, taskIds.get(label), label, 1, "");
    add(node, weight);
    const stack = data.stacks[weight.stack];
    if (!stack) { add(child(node, width - 1, "[no stack]", 0, ""), weight); continue; }
    let top = stack.length - 1;
    while (!withRuntime && top > 0 && [0, 3, 4].includes(data.frames[stack[top]].kind)) top--;
    if (top === 0) top = stack.length - 1;
    for (let i = top; i >= 0; i--) {
      const frame = data.frames[stack[i]];
      node = child(node, frame.name, data.names[frame.name], frame.kind, data.names[frame.location]);
      add(node, weight);
    }
  }
  return { parent, name, kind, location, cpu, blocked, count };
}

// Depth-first order with the heaviest child first: a subtree is the range [i, end[i]), so what is too narrow is skipped in one step.
function layOut(tree, metric) {
  const value = metric === "cpu" ? tree.cpu : metric === "blocked" ? tree.blocked : tree.cpu.map((c, i) => c + tree.blocked[i]);
  const total = tree.parent.length;
  const firstChild = new Int32Array(total).fill(-1), sibling = new Int32Array(total).fill(-1);
  const byValue = Array.from({ length: total }, (_, i) => i).filter(i => i > 0 && value[i] > 0);
  byValue.sort((a, b) => value[a] - value[b] || (tree.name[a] < tree.name[b] ? 1 : -1));
  for (const node of byValue) {
    sibling[node] = firstChild[tree.parent[node]];
    firstChild[tree.parent[node]] = node;
  }

  const size = byValue.length + 1;
  const node = new Int32Array(size), depth = new Int32Array(size), end = new Int32Array(size), up = new Int32Array(size);
  const left = new Float64Array(size), width = new Float64Array(size);
  const path = [];
  let next = 0;
  // an explicit path instead of recursion: the depth is the target's to choose
  let at = value[0] > 0 ? 0 : -1, x = 0;
  while (at >= 0) {
    const i = next++;
    node[i] = at; depth[i] = path.length; left[i] = x; width[i] = value[at];
    up[i] = path.length ? path[path.length - 1] : -1;
    if (firstChild[at] >= 0) { path.push(i); at = firstChild[at]; continue; }
    end[i] = next;
    let done = i;
    at = -1;
    for (;;) {
      x = left[done] + width[done];
      const brother = sibling[node[done]];
      if (done !== 0 && brother >= 0) { at = brother; break; }
      if (!path.length) break;
      done = path.pop();
      end[done] = next;
    }
  }
  return { tree, metric, size: next, node, depth, end, up, left, width };
}

// Marks boxes whose function or file contains the text; the sum counts a box within a match only once.
function search(layout, text) {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return null;
  const { tree } = layout;
  const hit = new Uint8Array(layout.size);
  let sum = 0, boxes = 0, covered = 0;
  for (let i = 0; i < layout.size; i++) {
    const n = layout.node[i];
    if (i === 0 || !(tree.name[n].toLowerCase().includes(wanted) || tree.location[n].toLowerCase().includes(wanted))) continue;
    hit[i] = 1;
    boxes++;
    if (i >= covered) { sum += layout.width[i]; covered = layout.end[i]; }
  }
  return { hit, boxes, sum };
}

// Self and total time by function; a function within itself counts once.
function heaviest(layout, limit) {
  const rows = new Map();
  const open = [];
  const depthOf = new Map();
  for (let i = 1; i < layout.size; i++) {
    while (open.length && layout.end[open[open.length - 1]] <= i) {
      const name = layout.tree.name[layout.node[open.pop()]];
      depthOf.set(name, depthOf.get(name) - 1);
    }
    const n = layout.node[i], name = layout.tree.name[n];
    let row = rows.get(name);
    if (!row) rows.set(name, row = { name, location: layout.tree.location[n], kind: layout.tree.kind[n], self: 0, total: 0 });
    const inside = depthOf.get(name) || 0;
    if (!inside) row.total += layout.width[i];
    depthOf.set(name, inside + 1);
    open.push(i);
    let below = 0;
    for (let c = i + 1; c < layout.end[i]; c = layout.end[c]) below += layout.width[c];
    row.self += layout.width[i] - below;
  }
  return [...rows.values()].sort((a, b) => b.self - a.self || b.total - a.total).slice(0, limit);
}
