using Hud.Core.Api;
using Hud.Kubernetes;
using Hud.Operator.LookBack;
using Hud.Operator.Policies;
using Hud.Operator.Reconcile;
using Hud.Operator.Resources;
using Hud.Operator.Streams;
using k8s.Models;

namespace Hud.Operator.Continuous;

/// <summary>
/// Decides about the agents that watch a policy's target all the time: which to make, what each is to watch, which to end. Pure. What there is, the
/// pods say; their names follow from policy and node, so two leaders make no two of one.
/// </summary>
public static class ContinuousDecider
{
    /// <summary>Pods of targets are not watched for changes: they are listed so often.</summary>
    public static readonly TimeSpan Look = TimeSpan.FromSeconds(10);

    /// <summary>... and so often while some are starting.</summary>
    public static readonly TimeSpan CloseLook = TimeSpan.FromSeconds(2);

    /// <summary>A node without targets keeps its agent for so long: a restart of the last one is no reason to lose the past.</summary>
    public static readonly TimeSpan KeptWithoutTargets = TimeSpan.FromSeconds(60);

    public static readonly TimeSpan BetweenPatches = TimeSpan.FromSeconds(1);

    /// <summary>The agent's figures are told anew at least so often.</summary>
    public static readonly TimeSpan StatusRefresh = TimeSpan.FromMinutes(10);

    /// <summary>An agent that ran so long did not fail because of how it was made.</summary>
    private static readonly TimeSpan Healthy = TimeSpan.FromMinutes(10);

    private const string Nothing = "[]";
    private const int MaxTroubles = 3;

    public static ContinuousDecision Decide(ContinuousObservation o)
    {
        if (o.Targets is null)
            return Without(o);
        var work = new Work(o);
        if (o.Targets.IsKnown)
        {
            foreach (var (node, targets) in o.Targets.ByNode)
                work.OfNode(node, targets);
            foreach (var pod in o.Agents)
                work.WithoutTargets(pod);
        }
        else
        {
            work.AsItIs();
        }
        work.Replace();
        return work.Decision();
    }

    /// <summary>All agents go.</summary>
    private static ContinuousDecision Without(ContinuousObservation o)
    {
        var suspended = o.Spec.Continuous is not null;
        var left = o.Agents.Count;
        return new ContinuousDecision
        {
            End =
            [
                .. o
                    .Agents.Where(p => p.Metadata.DeletionTimestamp is null)
                    .Select(p => new EndedAgent(p, suspended ? AgentEnds.Suspended : AgentEnds.Changed)),
            ],
            View = new ContinuousView(
                suspended
                    ? Stamped(o, new ContinuousStatus { Agents = left, Message = left > 0 ? "agents are ending" : "" })
                    : null,
                Watching: false,
                PolicyReasons.Suspended,
                "nothing is watched; set continuous.suspend to false to go on"
            ),
            Memory = o.Agents.Aggregate(
                new ContinuousMemory { Uid = o.Policy.Uid },
                (memory, p) =>
                    memory.With(
                        p.GetAnnotation(Names.NodeAnnotation) ?? "",
                        NodeMemory.Nothing with
                        {
                            Ended = p.Metadata.Uid ?? "",
                        }
                    )
            ),
            RequeueAfter = left > 0 ? Look : null,
        };
    }

    /// <summary>The time of the figures before, where they are the same and not old.</summary>
    private static ContinuousStatus Stamped(ContinuousObservation o, ContinuousStatus status)
    {
        var before = o.Policy.ReadStatus().Continuous;
        return
            before?.ObservedTime is { } time
            && time <= o.Now
            && o.Now - time < StatusRefresh
            && before == status with { ObservedTime = time }
            ? before
            : status with
            {
                ObservedTime = ConditionSet.Seconds(o.Now),
            };
    }

    /// <summary>One decision while it is made.</summary>
    private sealed class Work(ContinuousObservation o)
    {
        private readonly List<NewAgent> _create = [];
        private readonly List<NewTargets> _write = [];
        private readonly List<EndedAgent> _end = [];
        private readonly List<PolicyNotice> _notices = [];
        private readonly List<(string Reason, string Message)> _troubles = [];
        private readonly List<(V1Pod Pod, string Reason)> _replace = [];
        private ContinuousMemory _memory = o.Memory;
        private TimeSpan _pause = LookPace.Pause(o.Targets!.IsSettling ? CloseLook : Look, o.Watching);
        private int _targets;
        private int _unplaced;

        /// <summary>Agents that do not watch although they are to.</summary>
        private int _idle;

        public void OfNode(string node, IReadOnlyList<TargetStatus> targets)
        {
            var (text, cut) = ContinuousPod.Targets(o.Policy.Namespace, targets, o.Spec.Session.Target.ProcessName);
            var memory = _memory.Node(node) with { EmptySince = null };
            var name = Names.ContinuousPod(o.Policy.Uid, node);
            var pod = o.Agents.FirstOrDefault(p => p.Metadata.Name == name);
            _unplaced += cut;
            if (pod is null)
            {
                Missing(node, text, targets.Count, ref memory);
            }
            else
            {
                _targets += targets.Count - cut;
                Present(node, pod, text, ref memory);
            }
            _memory = _memory.With(node, memory);
        }

        private void Missing(string node, string text, int targets, ref NodeMemory memory)
        {
            _idle++;
            // who empties a node deletes what is on it for as long as there is something
            if (memory.WasTaken)
                memory = memory.AfterFailure(o.Now, fresh: false, memory.Seen);
            if (memory.Waits(o.Now) is { } retry)
            {
                Until(retry);
                _targets += targets;
                if (memory.Refusal.Length > 0)
                    Trouble(
                        PolicyReasons.AgentRefused,
                        $"the API server refuses the agent's pod for {node}: {memory.Refusal}",
                        node
                    );
                else
                    Trouble(PolicyReasons.AgentsStarting, $"the agent on {node} is made again at {Time(retry)}");
                return;
            }
            if (Full(node) is { } full)
            {
                _unplaced += targets;
                Trouble(PolicyReasons.NodeFull, full, node);
                return;
            }
            _targets += targets;
            _create.Add(new NewAgent(node, text));
            Trouble(PolicyReasons.AgentsStarting, $"the agent on {node} is being made");
        }

        private string? Full(string node)
        {
            var (load, max) = (o.Others.GetValueOrDefault(node), o.Options.Continuous.MaxAgentsPerNode);
            return load.All >= max
                    ? $"agents of {load.All} other policies are on {node}, as many as the administrator allows; no target there is watched"
                : load.OfNamespace >= Slots.PerNamespace(max)
                    ? $"agents of {load.OfNamespace} other policies of this namespace are on {node}, and the other places there are kept for other namespaces; no target there is watched"
                : null;
        }

        private void Present(string node, V1Pod pod, string text, ref NodeMemory memory)
        {
            memory = memory with { Seen = pod.Metadata.Uid ?? "" };
            if (pod.Metadata.DeletionTimestamp is not null)
            {
                _idle++;
                Trouble(PolicyReasons.AgentsStarting, $"the agent on {node} is ending; another takes its place");
                return;
            }
            if (pod.Status?.Phase is "Failed" or "Succeeded")
            {
                Ended(node, pod, ref memory);
                return;
            }
            if (ContinuousPod.Runs(pod))
            {
                if (Age(pod) > Healthy)
                    memory = memory with { Failures = 0, Failed = "", RetryAt = null, Refusal = "" };
            }
            else
            {
                _idle++;
                var (reason, message) = WhyNot(node, pod);
                Trouble(reason, message, reason == PolicyReasons.AgentFailing ? pod.Metadata.Uid : null);
            }
            if (Outdated(pod) is { } why)
                _replace.Add((pod, why));
            Write(pod, text, ref memory);
        }

        /// <summary>The kubelet gave it up: evicted, over its deadline, not admitted, or its node is gone.</summary>
        private void Ended(string node, V1Pod pod, ref NodeMemory memory)
        {
            _idle++;
            if (memory.Failed != pod.Metadata.Uid)
                memory = memory.AfterFailure(o.Now, Age(pod) > Healthy, pod.Metadata.Uid ?? "-");
            _end.Add(new EndedAgent(pod, AgentEnds.Failed));
            var said = StatusSizeLimiter.Cut($"{pod.Status?.Reason} {pod.Status?.Message}".Trim(), 300);
            Trouble(
                PolicyReasons.AgentFailing,
                $"the agent on {node} ended{(said.Length > 0 ? $" ({said})" : "")}; another takes its place at {Time(memory.RetryAt ?? o.Now)}",
                Age(pod) > Healthy ? null : pod.Metadata.Uid
            );
        }

        private static (string Reason, string Message) WhyNot(string node, V1Pod pod)
        {
            var container = pod.Status?.ContainerStatuses?.FirstOrDefault(c => c.Name == Names.AgentContainer);
            if (container?.State is { Waiting.Reason: "CrashLoopBackOff" } or { Terminated: not null })
                return (
                    PolicyReasons.AgentFailing,
                    $"the agent on {node} ends again and again; see kubectl logs -n {pod.Metadata.NamespaceProperty} {pod.Metadata.Name} -c {Names.AgentContainer} --previous"
                );
            var view = AgentView.Of(
                new AgentObservation(node, pod.Metadata.Name, pod, StreamSnapshot.Empty),
                seen: false,
                DateTimeOffset.MaxValue
            );
            return view.Reason is "Scheduling" or "Attaching"
                ? (PolicyReasons.AgentsStarting, $"the agent on {node} is starting")
                : (view.Reason, view.Message);
        }

        /// <summary>Null: it is as it would be made now, and young.</summary>
        private string? Outdated(V1Pod pod)
        {
            var node = pod.GetAnnotation(Names.NodeAnnotation) ?? "";
            var wanted = ContinuousPod.Build(o.Policy, o.Spec, node, Nothing, o.Options);
            return pod.GetAnnotation(Names.TaskAnnotation) != wanted.GetAnnotation(Names.TaskAnnotation)
                    ? AgentEnds.Changed
                : Age(pod) > o.Spec.Continuous!.RenewAfter.ToTimeSpan() ? AgentEnds.Renewed
                : null;
        }

        /// <summary>Of agents on nodes without targets.</summary>
        public void WithoutTargets(V1Pod pod)
        {
            var node = pod.GetAnnotation(Names.NodeAnnotation) ?? "";
            var ours = pod.Metadata.Name == Names.ContinuousPod(o.Policy.Uid, node);
            if (ours && o.Targets!.ByNode.ContainsKey(node))
                return;
            if (pod.Metadata.DeletionTimestamp is not null)
                return;
            var memory = _memory.Node(node);
            var since = memory.EmptySince is { } s && s <= o.Now ? s : o.Now;
            if (!ours || pod.Status?.Phase is "Failed" or "Succeeded" || o.Now - since >= KeptWithoutTargets)
            {
                _end.Add(new EndedAgent(pod, AgentEnds.NoTargets));
                _memory = _memory.With(node, NodeMemory.Nothing with { Ended = pod.Metadata.Uid ?? "" });
                return;
            }
            memory = memory with { EmptySince = since };
            Until(since + KeptWithoutTargets);
            Write(pod, Nothing, ref memory);
            _memory = _memory.With(node, memory);
        }

        /// <summary>Nobody can say what there is to watch: those that watch go on.</summary>
        public void AsItIs()
        {
            foreach (var pod in o.Agents.Where(p => p.Metadata.DeletionTimestamp is null))
                _targets += ContinuousPod.Targets(pod).Count;
        }

        private void Write(V1Pod pod, string text, ref NodeMemory memory)
        {
            if (pod.GetAnnotation(Names.TargetsAnnotation) == text)
                return;
            if (memory.PatchedAt is { } at && at <= o.Now && o.Now - at < BetweenPatches)
            {
                Until(at + BetweenPatches);
                return;
            }
            _write.Add(new NewTargets(pod, text));
            memory = memory with { PatchedAt = o.Now };
        }

        /// <summary>A few at a time: while one is replaced, nobody watches its node. Those that do not run anyhow are no loss.</summary>
        public void Replace()
        {
            var room = Math.Max(1, o.Targets!.ByNode.Count / 4) - _idle;
            foreach (var (pod, why) in _replace.OrderBy(r => r.Pod.Metadata.CreationTimestamp))
            {
                // one that has become old may get older for as long as a session waits for what it has seen
                if (why == AgentEnds.Renewed && LookBackList.IsWaitedFor(pod, o.Now))
                    continue;
                var node = pod.GetAnnotation(Names.NodeAnnotation) ?? "";
                var memory = _memory.Node(node);
                if (
                    why == AgentEnds.Renewed
                    && memory.Ended != pod.Metadata.Uid
                    && memory.IsRenewed(o.Spec.Continuous!.RenewAfter.ToTimeSpan(), o.Now)
                )
                    continue;
                if (ContinuousPod.Runs(pod) && room-- <= 0)
                    continue;
                _end.Add(new EndedAgent(pod, why));
                _memory = _memory.With(
                    node,
                    memory with
                    {
                        Ended = pod.Metadata.Uid ?? "",
                        RenewedAt = why == AgentEnds.Renewed ? o.Now : memory.RenewedAt,
                    }
                );
                _write.RemoveAll(w => w.Pod == pod);
            }
        }

        public ContinuousDecision Decision()
        {
            var wanted = o.Targets!;
            Forget(wanted);
            var left = wanted.LeftOut + _unplaced;
            if (wanted.IsBounded)
                _notices.Add(
                    new PolicyNotice(
                        PolicyReasons.TargetsLeftOut,
                        $"generation {o.Policy.Metadata.Generation ?? 0}",
                        wanted.Message,
                        Warning: true
                    )
                );
            var troubles = _troubles.Select(t => t.Message).ToList();
            List<string> words =
            [
                .. troubles.Take(MaxTroubles),
                .. troubles.Count > MaxTroubles ? [$"and {troubles.Count - MaxTroubles} more"] : (string[])[],
                .. wanted.Message.Length > 0 ? [wanted.Message] : (string[])[],
            ];
            var status = new ContinuousStatus
            {
                Agents = o.Agents.Count(p => p.Metadata.DeletionTimestamp is null),
                AgentsReady = o.Agents.Count(ContinuousPod.Runs),
                Nodes = wanted.ByNode.Count,
                Targets = _targets,
                NotWatched = left,
                Message = StatusSizeLimiter.Cut(string.Join("; ", words), 1000),
            };
            var (watching, reason, message) = Condition(wanted, status);
            return new ContinuousDecision
            {
                Create = _create,
                Write = _write,
                End = _end,
                View = new ContinuousView(Stamped(o, status), watching, reason, message),
                Notices = _notices,
                Memory = _memory,
                RequeueAfter = _pause,
            };
        }

        private (bool? Watching, string Reason, string Message) Condition(
            Targets.WatchedTargets wanted,
            ContinuousStatus status
        )
        {
            if (!wanted.IsKnown)
                return (null, wanted.Reason, wanted.Message);
            if (wanted.ByNode.Count == 0)
                return (false, wanted.Reason, wanted.Message);
            if (_troubles.Count == 0)
                return (
                    true,
                    PolicyReasons.Watching,
                    $"{Count(status.AgentsReady, "agent")} on {Count(status.Nodes, "node")} {(status.AgentsReady == 1 ? "watches" : "watch")} {Count(status.Targets, "container")}{(wanted.Message.Length > 0 ? "; " + wanted.Message : "")}"
                );
            // what will not pass by itself comes first
            var worst = _troubles.Find(t => t.Reason != PolicyReasons.AgentsStarting);
            return (false, worst.Reason ?? PolicyReasons.AgentsStarting, status.Message);
        }

        /// <summary>Nodes that have neither agent nor target, and nothing to wait for.</summary>
        private void Forget(Targets.WatchedTargets wanted)
        {
            if (!wanted.IsKnown)
                return;
            var there = o
                .Agents.Select(p => p.GetAnnotation(Names.NodeAnnotation) ?? "")
                .ToHashSet(StringComparer.Ordinal);
            foreach (var (node, memory) in o.Memory.Nodes)
            {
                if (!there.Contains(node) && !wanted.ByNode.ContainsKey(node) && memory.Waits(o.Now) is null)
                    _memory = _memory.With(node, NodeMemory.Nothing);
            }
        }

        /// <param name="about">Also an event, of this.</param>
        private void Trouble(string reason, string message, string? about = null)
        {
            _troubles.Add((reason, message));
            if (about is not null)
                _notices.Add(new PolicyNotice(reason, about, message, Warning: true));
        }

        private void Until(DateTimeOffset time)
        {
            // a moment later, so that the time is over when it is looked at
            if (time - o.Now + TimeSpan.FromMilliseconds(5) is var left && left < _pause)
                _pause = left > TimeSpan.Zero ? left : TimeSpan.FromMilliseconds(5);
        }

        private TimeSpan Age(V1Pod pod) =>
            pod.Metadata.CreationTimestamp is { } made ? o.Now.UtcDateTime - made : TimeSpan.Zero;

        private static string Time(DateTimeOffset time) => PolicyNames.Time(time);

        private static string Count(int count, string what) => count == 1 ? $"1 {what}" : $"{count} {what}s";
    }
}
