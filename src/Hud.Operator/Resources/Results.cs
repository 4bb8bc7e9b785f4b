using System.Security.Cryptography;
using System.Text;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Kubernetes;
using Hud.Operator.Entities;
using Hud.Reports.Formats;
using k8s.Models;

namespace Hud.Operator.Resources;

/// <summary>Renders the files a session asked for and builds the ConfigMaps that hold them. Pure.</summary>
public static class Results
{
    /// <summary>The API server takes 1 MiB with everything; base64 and metadata need their part.</summary>
    public const int MaxConfigMapBytes = 900 << 10;

    /// <param name="profile">Null where no agent sent one: then only the rows of the targets are a result.</param>
    /// <param name="all">All targets, those without a profile as well.</param>
    /// <param name="shown">How many of them the status lists.</param>
    public static IReadOnlyList<(V1ConfigMap Map, ResultReference Reference)> Build(
        SessionEntity session,
        ProfilingSessionSpec spec,
        ProfileDocument? profile,
        IReadOnlyList<TargetStatus> all,
        int shown
    )
    {
        var results = new List<(V1ConfigMap, ResultReference)>();
        foreach (var wanted in Formats(spec, profile is not null, shown < all.Count))
        {
            if (!ReportFormats.TryGet(wanted, out var format))
                continue; // the caller says which are missing
            var document = wanted == OutputFormat.Targets ? WithAll(profile ?? new ProfileDocument(), all) : profile!;
            var bytes = format.Render(document, ReportFormats.MaxConfigMapBytes, out var truncated);
            var hash = Convert.ToHexStringLower(SHA256.HashData(bytes));
            var map = Map(session, Names.Derived(session.Name, wanted.ToString().ToLowerInvariant()), hash);
            map.Metadata.Labels![Names.FormatLabel] = wanted.ToString();
            if (format.IsBinary)
                map.BinaryData = new Dictionary<string, byte[]>(StringComparer.Ordinal) { [format.Key] = bytes };
            else
                map.Data = new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    [format.Key] = Encoding.UTF8.GetString(bytes),
                };
            results.Add(
                (
                    map,
                    new ResultReference
                    {
                        Format = wanted,
                        ConfigMap = map.Metadata.Name,
                        Key = format.Key,
                        Bytes = bytes.Length,
                        Sha256 = hash,
                        Truncated = truncated,
                    }
                )
            );
        }
        return results;
    }

    /// <summary>A ConfigMap of the session's, without its content.</summary>
    internal static V1ConfigMap Map(SessionEntity session, string name, string hash) =>
        new()
        {
            Metadata = new V1ObjectMeta
            {
                Name = name,
                NamespaceProperty = session.Namespace,
                Labels = new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    ["app.kubernetes.io/name"] = "hud",
                    ["app.kubernetes.io/component"] = "result",
                    ["app.kubernetes.io/managed-by"] = Names.Manager,
                    [Names.SessionUidLabel] = session.Uid,
                },
                Annotations = new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    [Names.Sha256Annotation] = hash,
                },
                OwnerReferences = [Owner(session)],
            },
            Immutable = true,
        };

    /// <summary>What the session asks for, and the rows of the targets where the status can't hold them.</summary>
    private static IEnumerable<OutputFormat> Formats(ProfilingSessionSpec spec, bool hasProfile, bool hasMore) =>
        spec
            .Output.Formats.Where(f => hasProfile || f == OutputFormat.Targets)
            .Concat(hasMore ? [OutputFormat.Targets] : [])
            .Distinct();

    /// <summary>An agent that sent no profile said nothing of its targets.</summary>
    private static ProfileDocument WithAll(ProfileDocument profile, IReadOnlyList<TargetStatus> all)
    {
        var there = profile.Targets.Select(t => t.PodUid).ToHashSet(StringComparer.Ordinal);
        return profile with
        {
            Targets =
            [
                .. profile.Targets,
                .. all.Where(t => !there.Contains(t.PodUid))
                    .Select(t => new TargetProfile
                    {
                        Pod = t.Pod,
                        PodUid = t.PodUid,
                        Container = t.Container,
                        Node = t.Node,
                        Image = t.Image,
                        ImageDigest = t.ImageDigest,
                        State = t.State,
                        Reason = t.Reason,
                        Message = t.Message,
                    }),
            ],
        };
    }

    public static IReadOnlyList<OutputFormat> Unsupported(ProfilingSessionSpec spec) =>
        [.. spec.Output.Formats.Distinct().Where(f => !ReportFormats.TryGet(f, out _))];

    private static V1OwnerReference Owner(SessionEntity session) =>
        new()
        {
            ApiVersion = ProfilingSession.FullApiVersion,
            Kind = ProfilingSession.KindName,
            Name = session.Name,
            Uid = session.Uid,
            Controller = true,
            BlockOwnerDeletion = false,
        };
}
