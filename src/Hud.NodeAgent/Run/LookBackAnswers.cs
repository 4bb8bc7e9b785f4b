using Hud.Analysis;
using Hud.Core.Profile;
using Hud.Core.Stream;

namespace Hud.NodeAgent.Run;

/// <summary>
/// Answers requests for the last while of the run. What is told is frozen when a request is seen; exact names take time, in which events wait, so
/// they are read a little at each look before the answer goes out.
/// </summary>
/// <param name="store">Null where nothing is kept.</param>
/// <param name="warnings">Of targets that were silent.</param>
/// <param name="timeOfDay">At a moment of CLOCK_MONOTONIC.</param>
internal sealed class LookBackAnswers(
    LookBackRequests requests,
    LookBackStore? store,
    PollAggregator run,
    StackStore stacks,
    StackAttributor attributor,
    AgentStreamWriter stream,
    Func<ProfileDocument, IEnumerable<ProfileWarning>> warnings,
    Func<long, DateTimeOffset> timeOfDay
)
{
    public const string NothingKept = "this run keeps no look-back";
    private const long NamingEachLookNs = 250_000_000;
    private const int MaxLooks = 8;
    private int _number;
    private int _looks;
    private Frozen? _frozen;

    private sealed record Frozen(LookBackFacts Facts, DateTimeOffset RunStartedAt, Queue<StackId> Unnamed);

    /// <summary>Once a second.</summary>
    /// <param name="facts">The sums as they are now; the polls that are in them were recorded.</param>
    public void Look(ProfileInputs facts)
    {
        store?.Look(facts);
        if (_frozen is null)
            Freeze(facts);
        if (_frozen is null)
            return;
        if (Name(_frozen.Unnamed) || ++_looks >= MaxLooks)
            Send(exact: _frozen.Unnamed.Count == 0);
    }

    /// <summary>The run is over, and no event waits.</summary>
    public void End(ProfileInputs facts)
    {
        if (_frozen is not null)
            Send(exact: true);
        Freeze(facts);
        if (_frozen is not null)
            Send(exact: true);
    }

    /// <summary>What an answer on its way refers to.</summary>
    public IEnumerable<StackId> Stacks() => _frozen?.Facts.Aggregator.Stacks() ?? [];

    private void Freeze(ProfileInputs facts)
    {
        if (!requests.Take())
            return;
        if (store is null)
        {
            stream.Write(new LookBackMessage { Number = ++_number, Refused = NothingKept });
            return;
        }

        var taken = store.Take(facts, run, timeOfDay(facts.EndNs));
        _looks = 0;
        _frozen = new Frozen(taken, facts.StartedAt, new Queue<StackId>(ByCost(taken.Aggregator)));
    }

    /// <summary>The stacks that cost most first, in case there is no time for all.</summary>
    private IEnumerable<StackId> ByCost(PollAggregator taken) =>
        taken
            .Hotspots.OrderByDescending(p => p.Value.Durations.TotalNs)
            .SelectMany(p => new[] { p.Key.Stack, p.Key.Holder })
            .Concat(taken.Stacks())
            .Where(stack => !stack.IsNone && !attributor.IsNamed(stack))
            .Distinct();

    /// <returns>Whether all have their names.</returns>
    private bool Name(Queue<StackId> unnamed)
    {
        long start = AgentClock.NowNs;
        while (unnamed.Count > 0 && AgentClock.NowNs - start < NamingEachLookNs)
            attributor.Frames(unnamed.Dequeue(), exact: true);
        return unnamed.Count == 0;
    }

    private void Send(bool exact)
    {
        var (taken, runStartedAt, _) = _frozen!;
        _frozen = null;
        var document = ProfileBuilder.Build(taken.Facts, taken.Aggregator, stacks, attributor, exact);
        stream.WriteLookBack(
            ++_number,
            document with
            {
                LookBack = new LookBack { WantedNs = store!.LengthNs, RunStartedAt = runStartedAt },
                Warnings = [.. document.Warnings, .. warnings(document)],
            }
        );
        // a document is many times what the agent needs between two of them, and the next is built on top of what is left of this one
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }
}
