using Hud.Operator.Alerts;

namespace Hud.Operator.Hosting;

/// <summary>Receives alerts on every replica, of which the leader takes them; where there is a token to know their sender by.</summary>
internal sealed class AlertService(AlertInbox inbox, OperatorOptions options, TimeProvider time, Log log, Ending ending)
    : PartService(ending)
{
    /// <summary>A Secret that is made later is mounted later: the kubelet looks for it about once a minute.</summary>
    internal static readonly TimeSpan Again = TimeSpan.FromSeconds(5);

    protected override async Task RunAsync(CancellationToken cancel)
    {
        var token = new AlertToken(options.AlertsTokenFile, time);
        for (var told = ""; token.Problem is { Length: > 0 } problem; told = problem)
        {
            if (problem != told)
                log.Error("alerts are not received until there is a token", ("why", problem));
            await Task.Delay(Again, time, cancel).ConfigureAwait(false);
        }
        await new AlertServer(options.AlertsAddress, token, inbox, log).RunAsync(cancel).ConfigureAwait(false);
    }
}
