using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using k8s.Models;

namespace Hud.Kubernetes;

/// <summary>
/// The library's models, of the kinds that are used alone: its own serializer knows all of Kubernetes, which a native program would carry
/// whole.
/// </summary>
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase
)]
[JsonSerializable(typeof(EntityList<V1Pod>))]
[JsonSerializable(typeof(EntityList<V1ConfigMap>))]
[JsonSerializable(typeof(EntityList<V1Lease>))]
[JsonSerializable(typeof(EntityList<Corev1Event>))]
[JsonSerializable(typeof(EntityList<V1Deployment>))]
[JsonSerializable(typeof(EntityList<V1StatefulSet>))]
[JsonSerializable(typeof(EntityList<V1DaemonSet>))]
[JsonSerializable(typeof(EntityList<V1ReplicaSet>))]
[JsonSerializable(typeof(EntityList<V1ControllerRevision>))]
[JsonSerializable(typeof(EntityList<V1Job>))]
[JsonSerializable(typeof(EntityList<V1CronJob>))]
[JsonSerializable(typeof(V1Status))]
[JsonSerializable(typeof(V1DeleteOptions))]
[JsonSerializable(typeof(WatchLine))]
internal sealed partial class KindsJson : JsonSerializerContext;

/// <summary>One line of a watch, with the object left unread until its kind is known.</summary>
internal sealed class WatchLine
{
    public string Type { get; set; } = "";

    public JsonElement Object { get; set; }
}

/// <summary>How objects are read and written.</summary>
public static class ModelJson
{
    internal static readonly JsonSerializerOptions Options = With(
        KindsJson.Default,
        JsonIgnoreCondition.WhenWritingNull
    );

    /// <summary>The same for other kinds: camel case, times as the API server wants them, nothing that is not set, and of metadata what is used.</summary>
    /// <param name="kinds">A generated context with these kinds and their lists.</param>
    public static JsonSerializerOptions With(JsonSerializerContext kinds, JsonIgnoreCondition unset) =>
        new()
        {
            TypeInfoResolver = kinds.WithAddedModifier(FieldsRead.Apply),
            PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
            DefaultIgnoreCondition = unset,
            Converters = { new TimeConverter() },
        };

    public static JsonTypeInfo<T> Info<T>(this JsonSerializerOptions options) =>
        (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T));
}
