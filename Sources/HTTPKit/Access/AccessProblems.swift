// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The problems of callers who are not known or not allowed.
extension Problem {
    /// 401: the request has no credentials.
    public static let authenticationRequired = Problem(
        "authentication-required",
        status: 401,
        title: "Credentials are needed",
        detail: "This request needs credentials.",
        hint: "Send the header Authorization: Bearer with an API key.",
        headers: HTTPHeaders([.init(name: "WWW-Authenticate", value: "Bearer realm=\"cosem-gateway\"")])
    )

    /// 401: the credentials are not known, damaged, or not good here.
    public static func tokenInvalid(_ reason: String) -> Problem {
        Problem(
            "token-invalid",
            status: 401,
            title: "The credentials are not valid",
            detail: "The credentials are not valid: \(reason).",
            hint: "Send Authorization: Bearer with the whole key or token, or ask the operator for a new one.",
            headers: challenge("invalid_token", reason)
        )
    }

    /// 401: the credentials were good until a while ago.
    public static let tokenExpired = Problem(
        "token-expired",
        status: 401,
        title: "The credentials have expired",
        detail: "The credentials have expired.",
        hint: "Ask the operator for a new key, or get a new token.",
        headers: challenge("invalid_token", "expired")
    )

    /// 403: the credentials are right and do not allow this; one of the scopes would.
    public static func insufficientScope(_ scopes: [Scope]) -> Problem {
        let words = scopes.map(\.rawValue)
        var problem = Problem(
            "insufficient-scope",
            status: 403,
            title: "The credentials do not allow this",
            detail: "The credentials lack the scope \(words.joined(separator: " or ")).",
            hint: "Ask the operator for a key with this scope.",
            headers: challenge("insufficient_scope", nil, scope: words.joined(separator: " "))
        )
        if words.count == 1 { problem.members["scope"] = .string(words[0]) }
        return problem
    }

    /// 403: a browser sent this for a page that may not use the API.
    static func foreignPage(_ detail: String) -> Problem {
        Problem(
            "foreign-page",
            status: 403,
            title: "A web page of another origin",
            detail: detail,
            hint: "Have the operator list the origin (http.origins), or use a key."
        )
    }

    /// What RFC 6750 §3 has a server say; `reason` has neither quotes nor backslashes.
    private static func challenge(_ error: String, _ reason: String?, scope: String? = nil) -> HTTPHeaders {
        var text = "Bearer realm=\"cosem-gateway\", error=\"\(error)\""
        if let reason { text += ", error_description=\"\(reason)\"" }
        if let scope { text += ", scope=\"\(scope)\"" }
        return HTTPHeaders([.init(name: "WWW-Authenticate", value: text)])
    }
}
