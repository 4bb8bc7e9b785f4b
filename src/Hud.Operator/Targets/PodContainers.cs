using Hud.Kubernetes;
using k8s.Models;

namespace Hud.Operator.Targets;

public enum ContainerKind
{
    App,

    /// <summary>An init container with <c>restartPolicy: Always</c>: it runs as long as the pod.</summary>
    Sidecar,

    /// <summary>Added to a running pod by <c>kubectl debug</c>.</summary>
    Ephemeral,

    /// <summary>Ends before the pod runs.</summary>
    Init,
}

/// <summary>A container of a pod, wherever spec and status keep it.</summary>
public sealed record PodContainer(string Name, ContainerKind Kind)
{
    /// <summary>The name, and the kind where it is not the usual one.</summary>
    public override string ToString() =>
        Kind switch
        {
            ContainerKind.Sidecar => $"{Name} (sidecar)",
            ContainerKind.Ephemeral => $"{Name} (ephemeral)",
            ContainerKind.Init => $"{Name} (init)",
            _ => Name,
        };
}

/// <summary>All containers of a pod. Their names are unique across the kinds. Pure.</summary>
public static class PodContainers
{
    public static IReadOnlyList<PodContainer> Of(V1Pod pod) =>
        [
            .. pod.Spec.Containers.Select(c => new PodContainer(c.Name, ContainerKind.App)),
            .. (pod.Spec.InitContainers ?? []).Select(c => new PodContainer(
                c.Name,
                c.RestartPolicy == "Always" ? ContainerKind.Sidecar : ContainerKind.Init
            )),
            .. (pod.Spec.EphemeralContainers ?? []).Select(c => new PodContainer(c.Name, ContainerKind.Ephemeral)),
        ];

    public static V1ContainerStatus? Status(V1Pod pod, string name) =>
        (pod.Status?.ContainerStatuses ?? [])
            .Concat(pod.Status?.InitContainerStatuses ?? [])
            .Concat(pod.Status?.EphemeralContainerStatuses ?? [])
            .FirstOrDefault(c => c.Name == name);

    /// <summary>As the spec names it; empty for a container that the spec doesn't have, and for what no runtime would take for an image.</summary>
    public static string Image(V1Pod pod, string name)
    {
        var image =
            pod.Spec.Containers.Concat(pod.Spec.InitContainers ?? []).FirstOrDefault(c => c.Name == name)?.Image
            ?? pod.Spec.EphemeralContainers?.FirstOrDefault(c => c.Name == name)?.Image
            ?? "";
        return image.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '/' or ':' or '@') ? image : "";
    }

    /// <summary><c>registry.example.com/shop@sha256:0123...</c> or <c>sha256:0123...</c>: the first 12 hex digits, or empty.</summary>
    public static string Digest(V1ContainerStatus status)
    {
        const string Prefix = "sha256:";
        var id = status.ImageID ?? "";
        var at = id.LastIndexOf(Prefix, StringComparison.Ordinal);
        var digits = at < 0 ? "" : id[(at + Prefix.Length)..];
        return digits.Length >= 12 && digits.AsSpan(0, 12).IndexOfAnyExcept("0123456789abcdef") < 0 ? digits[..12] : "";
    }
}
