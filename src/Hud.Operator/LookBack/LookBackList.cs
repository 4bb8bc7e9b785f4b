using System.Text.Json;
using Hud.Core;
using Hud.Core.Stream;
using Hud.Operator.Resources;
using k8s.Models;

namespace Hud.Operator.LookBack;

/// <summary>The requests that an agent which watches is asked by, as its pod's annotation has them. Pure.</summary>
public static class LookBackList
{
    /// <summary>Empty where it cannot be read: then it says nothing that an agent could answer.</summary>
    public static IReadOnlyList<LookBackRequest> Read(string? annotation)
    {
        if (annotation is null || annotation.Length > LookBackRequest.MaxListBytes)
            return [];
        try
        {
            return
            [
                .. (JsonSerializer.Deserialize(annotation, HudJson.Default.IReadOnlyListLookBackRequest) ?? [])
                    .OfType<LookBackRequest>()
                    .Take(LookBackRequest.MaxRequests),
            ];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    /// <summary>Whether a session waits for what the agent in this pod has seen.</summary>
    public static bool IsWaitedFor(V1Pod pod, DateTimeOffset now) =>
        Read(pod.GetAnnotation(Names.LookBackAnnotation)).Any(r => r.Until + LookBackWindow.AnswersWithin > now);

    public static string Write(IEnumerable<LookBackRequest> requests) =>
        JsonSerializer.Serialize<IReadOnlyList<LookBackRequest?>>(
            [.. requests],
            HudJson.Default.IReadOnlyListLookBackRequest
        );

    /// <param name="waits">Whether a session with this UID still waits for an answer.</param>
    /// <returns>Without those that nobody waits for; null where as many as an agent takes are left.</returns>
    public static IReadOnlyList<LookBackRequest>? With(
        IReadOnlyList<LookBackRequest> requests,
        LookBackRequest request,
        DateTimeOffset now,
        Func<string, bool> waits
    )
    {
        var left = requests
            .Where(r => r.Id != request.Id && r.Until + LookBackWindow.AnswersWithin > now && waits(r.Id))
            .ToList();
        return left.Count >= LookBackRequest.MaxRequests ? null : [.. left, request];
    }

    /// <summary>The same request, to be answered with what there is by then.</summary>
    public static IReadOnlyList<LookBackRequest> EndingAt(
        IReadOnlyList<LookBackRequest> requests,
        string id,
        DateTimeOffset until
    ) => [.. requests.Select(r => r.Id == id && r.Until > until ? r with { Until = until } : r)];

    /// <summary>This very pod as it was read, or nothing.</summary>
    public static string Patch(string uid, string version, IReadOnlyList<LookBackRequest> requests) =>
        $$$$"""{"metadata":{"uid":"{{{{JsonEncodedText.Encode(uid)}}}}","resourceVersion":"{{{{JsonEncodedText.Encode(version)}}}}","annotations":{"{{{{Names.LookBackAnnotation}}}}":"{{{{JsonEncodedText.Encode(Write(requests))}}}}"}}}""";

    public static IReadOnlyList<LookBackRequest> Without(IReadOnlyList<LookBackRequest> requests, string id) =>
        [.. requests.Where(r => r.Id != id)];
}
