// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import JSONText

/// The problems that HTTP itself has: of targets, methods, headers and bodies.
extension Problem {
    /// 400: a query or path parameter that cannot be used; with the nearest allowed word if one of `words` was meant.
    public static func badParameter(
        _ name: String,
        expected: String,
        found: String? = nil,
        among words: [String] = []
    ) -> Problem {
        var problem = Problem(
            "bad-parameter",
            status: 400,
            title: "Unusable parameter",
            detail: "The parameter '\(name)' must be \(expected)."
        )
        problem.members["parameter"] = .string(name)
        if let found, let meant = nearest(found, in: words) { problem.suggest(meant) }
        return problem
    }

    /// 400: a query parameter that the route does not have.
    static func unknownParameter(_ name: String, known: [String]) -> Problem {
        var problem = Problem(
            "unknown-field",
            status: 400,
            title: "Unknown field",
            detail: "There is no query parameter '\(name)' here."
        )
        problem.members["parameter"] = .string(name)
        problem.members["known"] = .array(known.map { .string($0) })
        if let meant = nearest(name, in: known) { problem.suggest(meant) }
        return problem
    }

    /// 404: no route has that path; with the one that was most likely meant, or the one that lies below it.
    static func unknownPath(_ path: String, nearest: String?, below: String?) -> Problem {
        var problem = Problem(
            "path-unknown",
            status: 404,
            title: "No such path",
            detail: "Nothing is at \(path).",
            hint: "GET / tells where to begin, and /openapi.yaml tells every path."
        )
        if let below {
            problem.hint = "There is no list here; a single one is at \(below)."
        } else if let nearest {
            problem.suggest(nearest)
        }
        return problem
    }

    /// 405: the path is there, the method is not.
    static func methodNotAllowed(_ method: HTTPMethod, allowed: [HTTPMethod]) -> Problem {
        let words = allowed.map(\.rawValue)
        return Problem(
            "method-not-allowed",
            status: 405,
            title: "Method not allowed",
            detail: "\(method) is not possible here.",
            hint: "Allowed: \(words.joined(separator: ", ")).",
            headers: HTTPHeaders([.init(name: "Allow", value: words.joined(separator: ", "))])
        ).with("allowed", .array(words.map { .string($0) }))
    }

    /// 406: none of the media types that the caller accepts can be given.
    public static func notAcceptable(supported: [String]) -> Problem {
        Problem(
            "not-acceptable",
            status: 406,
            title: "Not acceptable",
            detail: "None of the media types in Accept can be given.",
            hint: "Possible: \(supported.joined(separator: ", "))."
        ).with("supported", .array(supported.map { .string($0) }))
    }

    /// 415: the body is of a media type that is not taken.
    public static func unsupportedMediaType(_ found: String?, supported: [String]) -> Problem {
        Problem(
            "unsupported-media-type",
            status: 415,
            title: "Unsupported media type",
            detail: found.map { "A body of type '\($0)' is not taken." } ?? "The body has no Content-Type.",
            hint: "Send Content-Type: \(supported.joined(separator: " or ")).",
            headers: HTTPHeaders([.init(name: "Accept", value: supported.joined(separator: ", "))])
        ).with("supported", .array(supported.map { .string($0) }))
    }

    /// 413: the body is longer than allowed.
    public static func bodyTooLarge(limit: Int) -> Problem {
        Problem(
            "body-too-large",
            status: 413,
            title: "Body too large",
            detail: "The body is longer than \(limit) octets."
        ).with("limit", .integer(limit))
    }

    /// 422: a query parameter or a body that is well formed, yet does not go with the rest of the request.
    public static func unfitParameter(
        _ name: String,
        expected: String,
        found: String? = nil,
        among words: [String] = []
    ) -> Problem {
        var problem = badParameter(name, expected: expected, found: found, among: words)
        problem.status = 422
        return problem
    }

    /// 400: the body is not JSON; says where.
    public static func malformedJSON(_ error: JSONError) -> Problem {
        var problem = Problem(
            "malformed-json",
            status: 400,
            title: "Malformed JSON",
            detail: "The body is not valid JSON: \(error)."
        )
        problem.members["pointer"] = .string(error.pointer.text)
        problem.members["line"] = .integer(error.line)
        problem.members["column"] = .integer(error.column)
        return problem
    }

    /// 400: the body is JSON but not of the expected shape, or 422: it is, and a value in it cannot be used.
    ///
    /// Says where, with the nearest known name for an unknown one, or all of them.
    public static func unexpectedMember(_ error: JSONMemberError) -> Problem {
        var problem =
            if case .unknownMember = error.kind {
                Problem("unknown-field", status: 400, title: "Unknown field", detail: "")
            } else {
                Problem(
                    "bad-parameter",
                    status: error.isOfValue ? 422 : 400,
                    title: "Unusable parameter",
                    detail: ""
                )
            }
        problem.detail = sentence(error.description)
        problem.members["pointer"] = .string(error.pointer.text)
        if case .unknownMember(_, _, let known) = error.kind, !known.isEmpty {
            problem.members["known"] = .array(known.map { .string($0) })
            problem.hint = "There \(known.count == 1 ? "is" : "are") \(known.joined(separator: ", "))."
        }
        if let meant = error.suggestion { problem.suggest(meant) }
        return problem
    }

    /// 500: a fault of ours, told without its inner life.
    public static let internalFault = Problem(
        "internal",
        status: 500,
        title: "Internal error",
        detail: "The gateway could not handle the request.",
        hint: "Report the traceId to the operator; the log has more."
    )

    /// Says what was most likely meant.
    public mutating func suggest(_ word: String) {
        hint = "Did you mean '\(word)'?"
        members["suggestion"] = .string(word)
    }

    private static func sentence(_ text: String) -> String {
        text.prefix(1).uppercased() + text.dropFirst() + "."
    }
}
