using Hud.Kubernetes;
using Hud.Operator.Resources;
using k8s.Models;

namespace Hud.Operator.Hosting;

/// <summary>
/// The operator's own Deployment, as the owner of agents: uninstalling Hud in mid-run then leaves no agent behind. Null where the operator
/// runs by other means.
/// </summary>
internal sealed class AgentOwner(KubernetesClient client, string ns, TimeProvider time, Log log)
{
    public V1OwnerReference? Found { get; private set; }

    public async Task FindAsync(CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                var deployment = await client
                    .TryGetAsync(EntityTypes.Deployments, ns, Names.Manager, cancel)
                    .ConfigureAwait(false);
                Found = deployment?.Metadata.Uid is { } uid
                    ? new V1OwnerReference
                    {
                        ApiVersion = EntityTypes.Deployments.ApiVersion,
                        Kind = EntityTypes.Deployments.Kind,
                        Name = deployment.Metadata.Name,
                        Uid = uid,
                    }
                    : null;
                return;
            }
            catch (ForbiddenException e)
            {
                log.Warn("agents will have no owner", ("error", e.Message));
                return;
            }
            catch (Exception e) when (e is KubernetesException or TransportException)
            {
                log.Warn("the operator's deployment cannot be read, trying again", ("error", e.Message));
                await Task.Delay(TimeSpan.FromSeconds(1), time, cancel).ConfigureAwait(false);
            }
        }
    }
}
