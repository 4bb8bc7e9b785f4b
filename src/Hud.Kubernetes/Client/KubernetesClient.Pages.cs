using System.Globalization;
using k8s;
using k8s.Models;

namespace Hud.Kubernetes;

/// <param name="Items">Objects in all.</param>
/// <param name="Bytes">Of all answers together.</param>
/// <param name="PageBytes">Of one answer.</param>
public sealed record PageBounds(int Items, long Bytes, int PageBytes);

/// <summary>What was read of a list.</summary>
/// <param name="All">False: there are more than the bounds allow.</param>
public readonly record struct PagesRead(bool All, int Items, long Bytes);

public sealed partial class KubernetesClient
{
    /// <summary>
    /// A list of which one page at a time is held. How big objects are is up to those who make them: a page that is too long is asked for again with fewer
    /// of them. The server is not asked for what it has in its cache (<c>resourceVersion=0</c>): it ignores the limit then, and sends all in one answer.
    /// </summary>
    /// <param name="take">Gets each object, in the order of names. What it keeps of them is all that is kept.</param>
    /// <exception cref="AnswerTooLongException">One object alone is longer than a page may be.</exception>
    /// <exception cref="GoneException">The snapshot that the pages come from is compacted away.</exception>
    public async Task<PagesRead> EachAsync<T>(
        EntityType<T> type,
        string? ns,
        ListOptions options,
        PageBounds bounds,
        Action<T> take,
        CancellationToken cancel
    )
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var (size, items, bytes) = (options.PageSize, 0, 0L);
        string? next = null;
        for (var page = 0; page < Limits.MaxListPages; page++)
        {
            var limit = Math.Min(size, bounds.Items - items);
            var path =
                type.Path(ns)
                + Query(options, ("limit", limit.ToString(CultureInfo.InvariantCulture)), ("continue", next));
            try
            {
                var answer = await SendAsync(
                        HttpMethod.Get,
                        path,
                        body: null,
                        contentType: null,
                        cancel,
                        bounds.PageBytes
                    )
                    .ConfigureAwait(false);
                bytes += answer.Length;
                (var count, next) = Each(Deserialize(answer, type.ListJson, path), type, take);
                items += count;
            }
            catch (AnswerTooLongException) when (limit > 1)
            {
                size = Math.Max(1, limit / 4);
                continue;
            }
            if (string.IsNullOrEmpty(next))
                return new PagesRead(All: true, items, bytes);
            if (items >= bounds.Items || bytes >= bounds.Bytes)
                return new PagesRead(All: false, items, bytes);
        }
        throw new TransportException("LIST " + type.Path(ns), $"more than {Limits.MaxListPages} pages");
    }

    private static (int Count, string? Next) Each<T>(EntityList<T> page, EntityType<T> type, Action<T> take)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        foreach (var item in page.Items ?? [])
        {
            // items of a list carry no kind of their own
            item.ApiVersion = type.ApiVersion;
            item.Kind = type.Kind;
            take(item);
        }
        return (page.Items?.Count ?? 0, page.Metadata.ContinueProperty);
    }
}
