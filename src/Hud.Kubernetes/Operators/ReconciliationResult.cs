using System.Diagnostics.CodeAnalysis;
using k8s;
using k8s.Models;

namespace Hud.Kubernetes;

/// <summary>
/// How a reconcile ended and when it wants the next. KubeOps has it as
/// <c>KubeOps.Abstractions.Reconciliation.ReconciliationResult&lt;TEntity&gt;</c>.
/// </summary>
public sealed record ReconciliationResult<TEntity>
    where TEntity : IKubernetesObject<V1ObjectMeta>
{
    private ReconciliationResult(TEntity entity) => Entity = entity;

    /// <summary>As the reconcile left it.</summary>
    public TEntity Entity { get; }

    [MemberNotNullWhen(false, nameof(ErrorMessage))]
    public bool IsSuccess => ErrorMessage is null;

    /// <summary>Null after a success.</summary>
    public string? ErrorMessage { get; private init; }

    public Exception? Error { get; private init; }

    /// <summary>Null: nothing until something changes; after a failure, the pause that the failures in a row have earned.</summary>
    public TimeSpan? RequeueAfter { get; private init; }

    public static ReconciliationResult<TEntity> Success(TEntity entity, TimeSpan? requeueAfter = null) =>
        new(entity) { RequeueAfter = requeueAfter };

    public static ReconciliationResult<TEntity> Failure(
        TEntity entity,
        string errorMessage,
        Exception? error = null,
        TimeSpan? requeueAfter = null
    ) =>
        new(entity)
        {
            ErrorMessage = errorMessage,
            Error = error,
            RequeueAfter = requeueAfter,
        };
}
