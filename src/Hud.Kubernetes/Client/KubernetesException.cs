using System.Net;

namespace Hud.Kubernetes;

/// <summary>The API server said no. Derived types are the answers that callers act on.</summary>
public class KubernetesException(
    string operation,
    HttpStatusCode code,
    string? reason,
    string message,
    TimeSpan? retryAfter = null
) : Exception($"{operation}: {(int)code} {reason ?? code.ToString()}: {message}")
{
    /// <summary>Verb and path, e.g. <c>GET /api/v1/pods</c>.</summary>
    public string Operation { get; } = operation;

    public HttpStatusCode Code { get; } = code;

    /// <summary>The machine-readable reason of the Status object, e.g. <c>AlreadyExists</c>.</summary>
    public string? Reason { get; } = reason;

    /// <summary>The sentence of the API server alone.</summary>
    public string Detail { get; } = message;

    public TimeSpan? RetryAfter { get; } = retryAfter;

    internal static KubernetesException From(
        string operation,
        HttpStatusCode code,
        string? reason,
        string message,
        TimeSpan? retryAfter
    ) =>
        (int)code switch
        {
            404 => new NotFoundException(operation, reason, message),
            409 when reason == "AlreadyExists" => new AlreadyExistsException(operation, reason, message),
            409 => new ConflictException(operation, reason, message),
            410 => new GoneException(operation, reason, message),
            422 => new InvalidException(operation, reason, message),
            403 => new ForbiddenException(operation, reason, message),
            429 => new TooManyRequestsException(operation, reason, message, retryAfter),
            _ => new KubernetesException(operation, code, reason, message, retryAfter),
        };
}

public sealed class NotFoundException(string operation, string? reason, string message)
    : KubernetesException(operation, HttpStatusCode.NotFound, reason, message);

/// <summary>The object changed since it was read, or a precondition does not hold.</summary>
public sealed class ConflictException(string operation, string? reason, string message)
    : KubernetesException(operation, HttpStatusCode.Conflict, reason, message);

public sealed class AlreadyExistsException(string operation, string? reason, string message)
    : KubernetesException(operation, HttpStatusCode.Conflict, reason, message);

/// <summary>The resource version is older than what the server remembers: list again.</summary>
public sealed class GoneException(string operation, string? reason, string message)
    : KubernetesException(operation, HttpStatusCode.Gone, reason, message);

public sealed class InvalidException(string operation, string? reason, string message)
    : KubernetesException(operation, HttpStatusCode.UnprocessableEntity, reason, message);

public sealed class ForbiddenException(string operation, string? reason, string message)
    : KubernetesException(operation, HttpStatusCode.Forbidden, reason, message);

public sealed class TooManyRequestsException(string operation, string? reason, string message, TimeSpan? retryAfter)
    : KubernetesException(operation, HttpStatusCode.TooManyRequests, reason, message, retryAfter);

/// <summary>No answer, a broken one, or one past its bound.</summary>
public class TransportException(string operation, string message, Exception? inner = null)
    : Exception($"{operation}: {message}", inner)
{
    public string Operation { get; } = operation;
}

/// <summary>Nothing was heard on an open connection for too long: it may be dead, or there may be nothing to say.</summary>
public sealed class SilenceException(string operation, TimeSpan silence, Exception inner)
    : TransportException(operation, $"silent for {silence.TotalSeconds:0} s", inner);

/// <summary>There is more of an answer than its bound.</summary>
public sealed class AnswerTooLongException(string operation, int limit)
    : TransportException(operation, $"the answer is longer than {limit} bytes");

/// <summary>A write was refused on our side: this process does not hold the lease (any more).</summary>
public sealed class NotLeaderException(string operation) : Exception($"{operation}: refused, the lease is not held");
