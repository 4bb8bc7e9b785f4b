using System.Text.Json;
using System.Text.Json.Serialization;
using Hud.Core;
using Hud.Core.Api;
using Hud.Kubernetes;
using k8s;
using k8s.Models;

namespace Hud.Operator.Entities;

/// <summary>A ProfilingPolicy as the API server holds it, unread until asked for: see <see cref="SessionEntity"/>.</summary>
[KubernetesEntity(
    Group = ProfilingPolicy.Group,
    ApiVersion = ProfilingPolicy.Version,
    Kind = ProfilingPolicy.KindName,
    PluralName = ProfilingPolicy.Plural
)]
public sealed class PolicyEntity : IKubernetesObject<V1ObjectMeta>
{
    public string ApiVersion { get; set; } = ProfilingPolicy.FullApiVersion;

    public string Kind { get; set; } = ProfilingPolicy.KindName;

    public V1ObjectMeta Metadata { get; set; } = new();

    public JsonElement Spec { get; set; }

    public JsonElement Status { get; set; }

    [JsonIgnore]
    public string Uid => Metadata.Uid ?? "";

    [JsonIgnore]
    public string Namespace => Metadata.NamespaceProperty ?? "";

    [JsonIgnore]
    public string Name => Metadata.Name ?? "";

    /// <summary>The template as it was written: each session gets it as it is, and the server its defaults.</summary>
    [JsonIgnore]
    public JsonElement SessionSpec =>
        Spec.ValueKind == JsonValueKind.Object && Spec.TryGetProperty("session", out var session) ? session : default;

    /// <inheritdoc cref="EntityJson.TryReadSpec"/>
    public bool TryReadSpec(out ProfilingPolicySpec spec, out string error) =>
        EntityJson.TryReadSpec(
            Spec,
            HudJson.Default.ProfilingPolicySpec,
            PolicyMessages.NoDuration,
            out spec,
            out error
        );

    /// <inheritdoc cref="EntityJson.ReadStatus"/>
    public ProfilingPolicyStatus ReadStatus() => EntityJson.ReadStatus(Status, HudJson.Default.ProfilingPolicyStatus);
}

[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase
)]
[JsonSerializable(typeof(EntityList<PolicyEntity>))]
internal sealed partial class PolicyJson : JsonSerializerContext;

/// <summary>ProfilingPolicies for the client.</summary>
public static class PolicyType
{
    private static readonly JsonSerializerOptions Json = ModelJson.With(
        PolicyJson.Default,
        JsonIgnoreCondition.WhenWritingDefault
    );

    public static readonly EntityType<PolicyEntity> Policies = new(
        ProfilingPolicy.Group,
        ProfilingPolicy.Version,
        ProfilingPolicy.KindName,
        ProfilingPolicy.Plural,
        Namespaced: true,
        Json.Info<PolicyEntity>(),
        Json.Info<EntityList<PolicyEntity>>()
    );
}
