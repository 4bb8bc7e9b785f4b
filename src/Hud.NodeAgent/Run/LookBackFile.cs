using Hud.Core;
using Hud.Core.Diagnostics;
using Hud.Core.Stream;

namespace Hud.NodeAgent.Run;

/// <summary>What is asked of the past: a part of the run, by CLOCK_MONOTONIC.</summary>
/// <param name="Id">Of the request that the answer names; empty for one by SIGUSR1.</param>
/// <param name="FromNs">Null for all that is kept.</param>
internal sealed record LookBackAsk(string Id, long? FromNs, long UntilNs)
{
    /// <summary>By SIGUSR1.</summary>
    public static readonly LookBackAsk OfSignal = new("", null, long.MinValue);
}

/// <summary>
/// Requests by a list in a file, each answered once. An id that was answered is remembered for as long as it stands in the list. Their times are
/// those of a clock that may jump: each is put to the clock that doesn't when the request is first seen, and stays there.
/// </summary>
/// <param name="timeOfDay">At a moment of CLOCK_MONOTONIC.</param>
internal sealed class LookBackFile(string path, Func<long, DateTimeOffset> timeOfDay, Action<Diagnostic> warn)
{
    private readonly ListFile<LookBackRequest> _file = new(
        path,
        LookBackRequest.MaxListBytes,
        HudJson.Default.IReadOnlyListLookBackRequest,
        Problem,
        why =>
            warn(
                new Diagnostic(
                    DiagnosticKinds.LookBackLacking,
                    $"the list of look-backs in {path} can't be used: {why}",
                    "the last list that could be read stays in force; write the whole list, and rename it into place"
                )
            )
    );
    private readonly HashSet<string> _answered = new(StringComparer.Ordinal);
    private List<(LookBackRequest Request, LookBackAsk Ask)> _list = [];
    private bool _toldMany;

    /// <summary>Once a second.</summary>
    /// <param name="nowNs">CLOCK_MONOTONIC.</param>
    public void Look(long nowNs)
    {
        if (_file.Look() is not { } read)
            return;
        List<LookBackRequest> distinct = [.. read.DistinctBy(r => r.Id, StringComparer.Ordinal)];
        if (distinct.Count > LookBackRequest.MaxRequests && !_toldMany)
        {
            _toldMany = true;
            warn(
                new Diagnostic(
                    DiagnosticKinds.LookBackLacking,
                    $"the list of look-backs has {distinct.Count} entries: only the first {LookBackRequest.MaxRequests} are looked at",
                    "take those out of the list that were answered"
                )
            );
        }

        var before = _list.ToDictionary(e => e.Request, e => e.Ask);
        _list =
        [
            .. distinct
                .Take(LookBackRequest.MaxRequests)
                .Select(r => (r, before.GetValueOrDefault(r) ?? Ask(r, nowNs))),
        ];
        _answered.IntersectWith(distinct.Select(r => r.Id));
    }

    /// <summary>The next that is to be answered, which counts as answered then.</summary>
    /// <param name="nowNs">CLOCK_MONOTONIC; <see cref="long.MaxValue"/> when the run is over and nothing more will be seen.</param>
    public LookBackAsk? Take(long nowNs)
    {
        foreach (var (_, ask) in _list)
        {
            if (ask.UntilNs <= nowNs && _answered.Add(ask.Id))
                return ask;
        }

        return null;
    }

    private LookBackAsk Ask(LookBackRequest request, long nowNs)
    {
        var now = timeOfDay(nowNs);
        return new(request.Id, At(request.From), At(request.Until));

        long At(DateTimeOffset moment)
        {
            // years before or after: what the clock of the machine can't say is as good as never
            var away = (Int128)(moment - now).Ticks * TimeSpan.NanosecondsPerTick + nowNs;
            return (long)Int128.Clamp(away, long.MinValue + 1, long.MaxValue - 1);
        }
    }

    private static string? Problem(LookBackRequest request) =>
        request.Id.Length is 0 or > LookBackRequest.MaxIdLength
            ? $"an id has {request.Id.Length} characters: it has to have 1 to {LookBackRequest.MaxIdLength}"
        : request.Id.All(c => c is > ' ' and < '\x7f') ? null
        : "an id has characters other than those of printable ASCII, or a space";
}
