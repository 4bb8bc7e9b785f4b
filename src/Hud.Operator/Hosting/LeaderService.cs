using Hud.Kubernetes;
using Hud.Operator.Entities;
using k8s.Models;
using Microsoft.Extensions.DependencyInjection;

namespace Hud.Operator.Hosting;

/// <summary>
/// Leads whenever it has the lease. A lost one, as after an outage of the API server, makes a candidate again, and each term begins with nothing
/// remembered: it has services of its own. KubeOps has a <c>LeaderElectionBackgroundService</c> in this place.
/// </summary>
internal sealed class LeaderService : PartService
{
    private readonly IServiceScopeFactory _scopes;
    private readonly LeaderElector? _elector;
    private Term? _term;

    /// <param name="elector">Null: this one leads without asking.</param>
    public LeaderService(
        Informer<SessionEntity> sessions,
        Informer<V1Pod> agents,
        Informer<PolicyEntity> policies,
        LeaderElector? elector,
        IServiceScopeFactory scopes,
        Ending ending
    )
        : base(ending)
    {
        (_elector, _scopes) = (elector, scopes);
        sessions.OnChange(c => Volatile.Read(ref _term)?.Changed(c));
        agents.OnChange(c => Volatile.Read(ref _term)?.Changed(c));
        policies.OnChange(c => Volatile.Read(ref _term)?.Changed(c));
    }

    protected override async Task RunAsync(CancellationToken cancel)
    {
        OperatorMeter.Leader.Record(0);
        if (_elector is null)
            await LeadAsync(cancel).ConfigureAwait(false);
        while (_elector is not null && !cancel.IsCancellationRequested)
            await _elector.RunAsync(LeadAsync, cancel).ConfigureAwait(false);
    }

    private async Task LeadAsync(CancellationToken lost)
    {
        var scope = _scopes.CreateAsyncScope();
        await using (scope.ConfigureAwait(false))
        {
            await scope.ServiceProvider.GetRequiredService<AgentOwner>().FindAsync(lost).ConfigureAwait(false);
            var term = scope.ServiceProvider.GetRequiredService<Term>();
            Volatile.Write(ref _term, term);
            try
            {
                await term.RunAsync(lost).ConfigureAwait(false);
            }
            finally
            {
                Volatile.Write(ref _term, null); // a candidate keeps nothing of what changes
            }
        }
    }
}
