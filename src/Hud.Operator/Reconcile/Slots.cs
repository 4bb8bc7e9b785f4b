using Hud.Kubernetes;

namespace Hud.Operator.Reconcile;

/// <summary>
/// Who runs where, who waits for what, and who is next. One session at a time has its question answered; nothing here asks a server, so
/// a thousand sessions that wait cost nothing until a place is free.
/// </summary>
/// <param name="wake">Called with the sessions that may take a place that has become free: the first of each namespace that waits for it.</param>
public sealed class Slots(OperatorOptions options, Action<EntityKey> wake)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Holder> _held = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _byNamespace = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _byNode = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Node, string Namespace), int> _byBoth = [];
    private readonly Dictionary<string, Waiter> _waiting = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Namespace, string? Node), SortedDictionary<long, EntityKey>> _lines = [];
    private long _order;

    private sealed record Holder(EntityKey Session, IReadOnlyList<string> Nodes);

    /// <param name="Node">Null: it waits for a place of its namespace.</param>
    private sealed record Waiter(EntityKey Session, string? Node, long Order);

    /// <summary>Sessions in progress.</summary>
    public int Active
    {
        get
        {
            lock (_lock)
                return _held.Count;
        }
    }

    public bool Holds(string uid)
    {
        lock (_lock)
            return _held.ContainsKey(uid);
    }

    /// <summary>
    /// Takes a place for a session, or has it wait. Without nodes it is a place of its namespace, from which it asks for its pods; with them
    /// also one on each.
    /// </summary>
    /// <param name="wait">What it waits for.</param>
    /// <param name="refused">So many of its namespace wait already that it may not even do that.</param>
    public bool TryTake(string uid, EntityKey session, IReadOnlyList<string> nodes, out string wait, out bool refused)
    {
        lock (_lock)
        {
            refused = false;
            var before = Take(uid);
            var blocked = Blocker(session, nodes, out wait);
            if (blocked is null)
            {
                Leave(uid);
                Put(uid, new Holder(session, nodes));
                WakeNext(session.Namespace, [.. nodes, .. before?.Nodes ?? []]);
                return true;
            }
            var node = blocked.Length == 0 ? null : blocked;
            var order = _waiting.GetValueOrDefault(uid)?.Order;
            var others = _lines.Where(l => l.Key.Namespace == session.Namespace).Sum(l => l.Value.Count);
            if (order is null && others >= options.MaxWaitingSessionsPerNamespace)
            {
                refused = true;
                wait =
                    $"{others} sessions of this namespace wait their turn already, as many as the administrator allows; make it again when some have ended";
            }
            else
            {
                Leave(uid);
                _waiting[uid] = new Waiter(session, node, order ?? _order++);
                if (!_lines.TryGetValue((session.Namespace, node), out var line))
                    _lines[(session.Namespace, node)] = line = [];
                line[_waiting[uid].Order] = session;
            }
            if (before is not null)
                WakeNext(session.Namespace, before.Nodes);
            return false;
        }
    }

    /// <summary>Asked before anything is read for a session that waits: whether what it waits for is still taken.</summary>
    public bool IsStillBlocked(string uid, out string wait)
    {
        lock (_lock)
        {
            wait = "";
            return _waiting.TryGetValue(uid, out var waiter)
                && Blocker(waiter.Session, waiter.Node is null ? [] : [waiter.Node], out wait) is not null;
        }
    }

    /// <summary>A session that runs, whoever let it: it counts, even beyond the bounds.</summary>
    public void Hold(string uid, EntityKey session, IReadOnlyList<string> nodes)
    {
        lock (_lock)
        {
            Take(uid);
            Leave(uid);
            Put(uid, new Holder(session, nodes));
        }
    }

    /// <summary>It ended, or is gone: its place is free, or it waits no more.</summary>
    public void Release(string uid)
    {
        lock (_lock)
        {
            var waiter = Leave(uid);
            if (Take(uid) is { } holder)
                WakeNext(holder.Session.Namespace, holder.Nodes);
            else if (waiter is not null)
                WakeNext(waiter.Session.Namespace, waiter.Node is null ? [] : [waiter.Node]);
        }
    }

    /// <summary>UIDs that this name had, other than the one that has it now, with the nodes of those that ran.</summary>
    public IReadOnlyList<(string Uid, IReadOnlyList<string> Nodes)> Former(EntityKey session, string? uidNow)
    {
        lock (_lock)
        {
            return
            [
                .. _held.Where(h => h.Value.Session == session && h.Key != uidNow).Select(h => (h.Key, h.Value.Nodes)),
                .. _waiting
                    .Where(w => w.Value.Session == session && w.Key != uidNow)
                    .Select(w => (w.Key, (IReadOnlyList<string>)[])),
            ];
        }
    }

    /// <summary>What of a node one namespace may have: not all of it, unless there is only one place.</summary>
    public static int PerNamespace(int maxPerNode) => maxPerNode - (maxPerNode > 1 ? Math.Max(1, maxPerNode / 5) : 0);

    /// <returns>Null when there is room; the node that is full, or "" for the namespace.</returns>
    private string? Blocker(EntityKey session, IReadOnlyList<string> nodes, out string wait)
    {
        wait = "";
        var ns = session.Namespace;
        var here = _byNamespace.GetValueOrDefault(ns);
        if (here >= options.MaxSessionsPerNamespace)
        {
            wait =
                $"{options.MaxSessionsPerNamespace} sessions of this namespace are in progress, as many as the administrator allows; this one waits its turn";
            return "";
        }
        foreach (var node in nodes)
        {
            var own = _byBoth.GetValueOrDefault((node, ns));
            if (_byNode.GetValueOrDefault(node) >= options.MaxSessionsPerNode)
                wait =
                    $"{options.MaxSessionsPerNode} sessions are in progress on {node}, as many as the administrator allows; this one waits its turn";
            else if (own >= PerNamespace(options.MaxSessionsPerNode))
                wait =
                    $"{own} sessions of this namespace are in progress on {node}, and the other places there are kept for other namespaces; this one waits its turn";
            else if (
                _lines.Keys.Any(l =>
                    l.Node == node
                    && l.Namespace != ns
                    && _byBoth.GetValueOrDefault((node, l.Namespace)) < own
                    && _byNamespace.GetValueOrDefault(l.Namespace) < options.MaxSessionsPerNamespace
                )
            )
                wait = $"another namespace has fewer sessions on {node} and waits too; this one waits its turn";
            if (wait.Length > 0)
                return node;
        }
        return null;
    }

    /// <summary>The first in each line for what one of this namespace and these nodes had or wanted, if there is room for it.</summary>
    private void WakeNext(string ns, IReadOnlyList<string> nodes)
    {
        foreach (var ((waits, node), line) in _lines)
        {
            if (node is null ? waits != ns : !nodes.Contains(node, StringComparer.Ordinal))
                continue;
            var first = line.First().Value;
            if (Blocker(first, node is null ? [] : [node], out _) is null)
                wake(first);
        }
    }

    private Holder? Take(string uid)
    {
        if (_held.Remove(uid, out var holder))
            Count(holder, -1);
        return holder;
    }

    private Waiter? Leave(string uid)
    {
        if (!_waiting.Remove(uid, out var waiter))
            return null;
        var line = _lines[(waiter.Session.Namespace, waiter.Node)];
        line.Remove(waiter.Order);
        if (line.Count == 0)
            _lines.Remove((waiter.Session.Namespace, waiter.Node));
        return waiter;
    }

    private void Put(string uid, Holder holder)
    {
        _held[uid] = holder;
        Count(holder, 1);
    }

    private void Count(Holder holder, int by)
    {
        Add(_byNamespace, holder.Session.Namespace, by);
        foreach (var node in holder.Nodes)
        {
            Add(_byNode, node, by);
            Add(_byBoth, (node, holder.Session.Namespace), by);
        }
    }

    private static void Add<TKey>(Dictionary<TKey, int> counts, TKey key, int by)
        where TKey : notnull
    {
        var now = counts.GetValueOrDefault(key) + by;
        if (now == 0)
            counts.Remove(key);
        else
            counts[key] = now;
    }
}
