using Hud.Kubernetes;
using k8s;
using k8s.Models;

namespace Hud.Operator.Hosting;

/// <summary>KubeOps has a <c>ResourceWatcher&lt;TEntity&gt;</c> in this place.</summary>
internal sealed class InformerService<TEntity>(Informer<TEntity> informer, Ending ending) : PartService(ending)
    where TEntity : class, IKubernetesObject<V1ObjectMeta>
{
    protected override Task RunAsync(CancellationToken cancel) => informer.RunAsync(cancel);
}
