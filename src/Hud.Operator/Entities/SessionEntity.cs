using System.Text.Json;
using System.Text.Json.Serialization;
using Hud.Core;
using Hud.Core.Api;
using Hud.Kubernetes;
using k8s;
using k8s.Models;

namespace Hud.Operator.Entities;

/// <summary>
/// A ProfilingSession as the API server holds it. Spec and status stay unread until asked for: one session with a value that no rule
/// of an old server refuses must not break the watch of all the others.
/// </summary>
[KubernetesEntity(
    Group = ProfilingSession.Group,
    ApiVersion = ProfilingSession.Version,
    Kind = ProfilingSession.KindName,
    PluralName = ProfilingSession.Plural
)]
public sealed class SessionEntity : IKubernetesObject<V1ObjectMeta>
{
    public string ApiVersion { get; set; } = ProfilingSession.FullApiVersion;

    public string Kind { get; set; } = ProfilingSession.KindName;

    public V1ObjectMeta Metadata { get; set; } = new();

    public JsonElement Spec { get; set; }

    public JsonElement Status { get; set; }

    [JsonIgnore]
    public string Uid => Metadata.Uid ?? "";

    [JsonIgnore]
    public string Namespace => Metadata.NamespaceProperty ?? "";

    [JsonIgnore]
    public string Name => Metadata.Name ?? "";

    /// <inheritdoc cref="EntityJson.TryReadSpec"/>
    public bool TryReadSpec(out ProfilingSessionSpec spec, out string error) =>
        EntityJson.TryReadSpec(
            Spec,
            HudJson.Default.ProfilingSessionSpec,
            SessionMessages.NoDuration,
            out spec,
            out error
        );

    /// <inheritdoc cref="EntityJson.ReadStatus"/>
    public ProfilingSessionStatus ReadStatus() => EntityJson.ReadStatus(Status, HudJson.Default.ProfilingSessionStatus);
}

[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase
)]
[JsonSerializable(typeof(EntityList<SessionEntity>))]
internal sealed partial class SessionJson : JsonSerializerContext;

/// <summary>ProfilingSessions for the client.</summary>
public static class SessionType
{
    private static readonly JsonSerializerOptions Json = ModelJson.With(
        SessionJson.Default,
        JsonIgnoreCondition.WhenWritingDefault
    );

    public static readonly EntityType<SessionEntity> Sessions = new(
        ProfilingSession.Group,
        ProfilingSession.Version,
        ProfilingSession.KindName,
        ProfilingSession.Plural,
        Namespaced: true,
        Json.Info<SessionEntity>(),
        Json.Info<EntityList<SessionEntity>>()
    );
}
