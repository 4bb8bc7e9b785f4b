using Hud.Analysis;
using Hud.Core;
using Hud.Core.Diagnostics;
using Hud.Core.Profile;
using Hud.Core.Stream;

namespace Hud.NodeAgent.Run;

/// <summary>
/// Answers requests for the last while of the run. What is told is frozen when a request is seen; exact names take time, in which events wait, so
/// they are read a little at each look before the answer goes out.
/// </summary>
/// <param name="store">Null where nothing is kept.</param>
/// <param name="file">Of requests by a list; null for none.</param>
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
    Func<long, DateTimeOffset> timeOfDay,
    LookBackFile? file = null
)
{
    public const string NothingKept = "this run keeps no look-back";
    public const string EndsBeforeItBegins = "it was to end before it begins";
    private const long NamingEachLookNs = 250_000_000;
    private const int MaxLooks = 8;
    private int _number;
    private int _looks;
    private Frozen? _frozen;

    /// <param name="WantedNs">How far back it was to reach.</param>
    /// <param name="Lacking">What it lacks of what was asked for; null for nothing.</param>
    private sealed record Frozen(
        LookBackAsk Ask,
        LookBackFacts Facts,
        DateTimeOffset RunStartedAt,
        long WantedNs,
        Diagnostic? Lacking,
        Queue<StackId> Unnamed
    );

    /// <summary>Once a second.</summary>
    /// <param name="facts">The sums as they are now; the polls that are in them were recorded.</param>
    public void Look(ProfileInputs facts)
    {
        store?.Look(facts);
        file?.Look(facts.EndNs);
        if (_frozen is null)
            Freeze(facts, over: false);
        if (_frozen is null)
            return;
        if (Name(_frozen.Unnamed) || ++_looks >= MaxLooks)
            Send(exact: _frozen.Unnamed.Count == 0);
    }

    /// <summary>The run is over, and no event waits. What was asked for of a time that does not come any more gets what there is.</summary>
    public void End(ProfileInputs facts)
    {
        if (_frozen is not null)
            Send(exact: true);
        while (Freeze(facts, over: true))
        {
            if (_frozen is not null)
                Send(exact: true);
        }
    }

    /// <summary>What an answer on its way refers to.</summary>
    public IEnumerable<StackId> Stacks() => _frozen?.Facts.Aggregator.Stacks() ?? [];

    /// <param name="over">Nothing more will be seen.</param>
    /// <returns>False when nothing is asked for; otherwise it was refused, or is frozen.</returns>
    private bool Freeze(ProfileInputs facts, bool over)
    {
        var ask = requests.Take() ? LookBackAsk.OfSignal : file?.Take(over ? long.MaxValue : facts.EndNs);
        if (ask is null)
            return false;
        if (Refusal(ask, facts) is { } why)
        {
            stream.Write(
                new LookBackMessage
                {
                    Number = ++_number,
                    Request = ask.Id,
                    Refused = why,
                }
            );
            return true;
        }

        var taken = store!.Take(facts, run, timeOfDay(facts.EndNs), ask.FromNs);
        _looks = 0;
        _frozen = new Frozen(
            ask,
            taken,
            facts.StartedAt,
            ask.FromNs is { } from ? facts.EndNs - from : store.LengthNs,
            Lacking(ask, facts.EndNs, store.KeptFromNs(facts)),
            new Queue<StackId>(ByCost(taken.Aggregator))
        );
        return true;
    }

    private string? Refusal(LookBackAsk ask, ProfileInputs facts)
    {
        if (store is null)
            return NothingKept;
        if (ask.FromNs is not { } from)
            return null;
        if (ask.UntilNs < from)
            return EndsBeforeItBegins;
        long kept = store.KeptFromNs(facts);
        if (ask.UntilNs < kept)
            return $"it was to end {HumanText.Duration(kept - ask.UntilNs)} before the first moment that is kept";
        return from > facts.EndNs ? "the run ended before it was to begin" : null;
    }

    private static Diagnostic? Lacking(LookBackAsk ask, long endNs, long keptFromNs)
    {
        if (ask.FromNs is not { } from)
            return null;
        List<string> lacking = [];
        if (from < keptFromNs)
            lacking.Add($"its first {HumanText.Duration(keptFromNs - from)} are not kept");
        if (ask.UntilNs > endNs)
            lacking.Add($"the run ended {HumanText.Duration(ask.UntilNs - endNs)} before its end");
        return lacking.Count == 0
            ? null
            : new Diagnostic(
                DiagnosticKinds.LookBackLacking,
                $"the look-back is shorter than it was asked for: {string.Join(", and ", lacking)}",
                "the rest is as it was asked for; ask sooner, or have more kept (the agent's lookBack)"
            );
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
        var frozen = _frozen!;
        _frozen = null;
        var (taken, lacking) = (frozen.Facts, frozen.Lacking);
        var document = ProfileBuilder.Build(taken.Facts, taken.Aggregator, stacks, attributor, exact);
        stream.WriteLookBack(
            ++_number,
            document with
            {
                LookBack = new LookBack { WantedNs = frozen.WantedNs, RunStartedAt = frozen.RunStartedAt },
                Warnings =
                [
                    .. document.Warnings,
                    .. lacking is null ? [] : (ProfileWarning[])[RunLog.Warning(lacking)],
                    .. warnings(document),
                ],
            },
            frozen.Ask.Id
        );
        // a document is many times what the agent needs between two of them, and the next is built on top of what is left of this one
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }
}
