using Hud.Analysis;
using Hud.Core.Profile;
using Hud.Core.Stream;

namespace Hud.Cli.Cockpit;

/// <summary>
/// The streams of several agents as one, for a session whose pods are on several nodes. Progress is joined as the final
/// report is, once a round: every agent that still runs has spoken, or one has spoken twice. Pure; one caller at a time.
/// </summary>
internal sealed class LiveMerge(int agents)
{
    private const int MaxWarnings = 100;
    private readonly Part[] _agents = [.. Enumerable.Range(0, agents).Select(_ => new Part())];

    // in the order of their first progress: the numbers of targets that were shown must not change
    private readonly List<Part> _measuring = [];
    private readonly HashSet<Part> _spoken = [];
    private readonly HashSet<(string, string)> _warnings = [];
    private bool _greeted;

    /// <param name="agent">Its number, from 0.</param>
    /// <param name="message">Null when its log has ended.</param>
    /// <returns>What the cockpit is to see.</returns>
    public IReadOnlyList<StreamMessage> Accept(int agent, StreamMessage? message)
    {
        if (agents == 1)
            return message is null ? [] : [message];
        var part = _agents[agent];
        switch (message)
        {
            case HelloMessage hello:
                part.Hello = hello;
                (bool first, _greeted) = (!_greeted, true);
                return first ? [hello] : [];
            case TargetMessage target when target.Index is >= 0 and < 1000:
                part.Targets[target.Index] = target.Target;
                return [];
            case WarningMessage warning:
                return _warnings.Count < MaxWarnings && _warnings.Add((warning.Id, warning.Text)) ? [warning] : [];
            case ProgressMessage progress:
                if (part.Now is null)
                    _measuring.Add(part);
                part.Now = progress;
                part.Fresh.AddRange(progress.SlowPolls.Take(StreamLimits.ProgressSlowPolls));
                return IsRound(part) ? Joined() : [];
            case EndMessage or null:
                part.Ended = true;
                return Array.TrueForAll(_agents, a => a.Ended) && _measuring.Count > 0 ? Joined() : [];
            default:
                return [];
        }
    }

    private bool IsRound(Part part)
    {
        if (!_spoken.Add(part))
        {
            // an agent is late or silent: the others do not wait for it
            _spoken.Clear();
            _spoken.Add(part);
            return true;
        }

        if (!Array.TrueForAll(_agents, a => a.Ended || _spoken.Contains(a)))
            return false;
        _spoken.Clear();
        return true;
    }

    private List<StreamMessage> Joined()
    {
        var merged = ProfileMerge.Merge([.. _measuring.Select(p => p.Document())]);
        var started = _measuring.Min(p => p.Now!.Summary.StartedAt);
        var workers = new List<WorkerNow>();
        var messages = new List<StreamMessage>();
        foreach (var part in _measuring)
        {
            int first = messages.Count;
            messages.AddRange(
                part.Targets.Values.Select((t, i) => new TargetMessage { Index = first + i, Target = t })
            );
            // an agent that has ended has no "now"
            workers.AddRange(
                part.Now!.Workers.Select(w =>
                    w with
                    {
                        Target = first + w.Target,
                        State = part.Ended ? "idle" : w.State,
                        BusyPercent = part.Ended ? 0 : w.BusyPercent,
                        LostPercent = part.Ended ? 0 : w.LostPercent,
                    }
                )
            );
            part.Fresh.Clear();
        }

        messages.Add(
            new ProgressMessage
            {
                ElapsedNs = _measuring.Max(p => p.Now!.ElapsedNs + (p.Now.Summary.StartedAt - started).Ticks * 100),
                Summary = merged.Summary,
                Verdict = merged.Verdict,
                VerdictLevel = merged.VerdictLevel,
                Hotspots = [.. merged.Hotspots.Take(StreamLimits.ProgressHotspots)],
                Workers = workers,
                Tasks = merged.Tasks,
                // the timeline shows the longest of each column
                SlowPolls =
                [
                    .. merged
                        .SlowPolls.OrderByDescending(p => p.WallNs)
                        .Take(StreamLimits.ProgressSlowPolls)
                        .OrderBy(p => p.StartNs),
                ],
                Overhead = merged.Overhead,
                LostEvents = _measuring.Sum(p => p.Now!.LostEvents),
            }
        );
        return messages;
    }

    private sealed class Part
    {
        public HelloMessage? Hello { get; set; }
        public SortedDictionary<int, TargetProfile> Targets { get; } = [];
        public ProgressMessage? Now { get; set; }

        /// <summary>Slow polls that were not shown yet.</summary>
        public List<SlowPoll> Fresh { get; } = [];
        public bool Ended { get; set; }

        public ProfileDocument Document() =>
            new()
            {
                Session = Hello?.Session ?? new(),
                Agent = Hello?.Agent ?? new(),
                Verdict = Now!.Verdict,
                VerdictLevel = Now.VerdictLevel,
                Summary = Now.Summary,
                // the sentence counts those that were measured, and a target that runs without a complaint is
                Targets =
                [
                    .. Targets.Values.Select(t =>
                        t.Reason.Length == 0 ? t with { State = Core.Api.TargetState.Succeeded } : t
                    ),
                ],
                Hotspots = Now.Hotspots,
                Tasks = Now.Tasks,
                Workers =
                [
                    .. Now.Workers.Select(w => new WorkerProfile
                    {
                        Target = w.Target,
                        Tid = w.Tid,
                        Name = w.Name,
                        Runtime = w.Runtime,
                    }),
                ],
                SlowPolls = [.. Fresh],
                Overhead = Now.Overhead,
            };
    }
}
