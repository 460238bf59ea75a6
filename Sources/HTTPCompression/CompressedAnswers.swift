// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import HTTPKit

/// Gives answers in gzip to callers that take it: text of 1 KiB or more, streams as they go.
///
/// A strong entity tag names octets, so the compressed form has one of its own, with `-gzip` at its end; both forms are one version, and
/// either tag stands for it in `If-Match` and `If-None-Match`. Streams of events stay as they are.
public struct CompressedAnswers: HTTPResponder {
    /// Shorter bodies fit into a packet as they are.
    static let leastOctets = 1024
    /// Longer bodies are compressed while they are sent, in pieces of this length, so that other callers get their turn.
    static let pieceOctets = 65_536
    private static let suffix = "-gzip"
    private static let types: Set<String> = [
        "application/json", "application/problem+json", "application/x-ndjson", "application/xml", "application/yaml",
        "application/openmetrics-text", "image/svg+xml", "text/plain", "text/csv", "text/html", "text/css",
        "text/javascript", "text/markdown",
    ]

    private let inner: any HTTPResponder

    /// Wraps who answers.
    public init(_ inner: any HTTPResponder) {
        self.inner = inner
    }

    /// The answer if it is at hand.
    public func answerAtHand(for request: HTTPRequest) -> HTTPResponse? {
        inner.answerAtHand(for: request).map { coded($0, for: request) }
    }

    /// Answers one request.
    public func respond(to request: HTTPRequest) async -> HTTPResponse {
        coded(await inner.respond(to: Self.withPlainTags(request)), for: request)
    }

    /// What becomes of a request with a body, by its head, as far as that is at hand.
    public func verdictAtHand(on head: HTTPRequest) -> HeadVerdict? { inner.verdictAtHand(on: head) }

    /// What becomes of a request with a body, by its head.
    public func verdict(on head: HTTPRequest) async -> HeadVerdict { await inner.verdict(on: head) }

    /// Answers a request that the server refuses; such answers are short.
    public func refuse(_ request: HTTPRequest, because problem: Problem) -> HTTPResponse {
        inner.refuse(request, because: problem)
    }

    // MARK: Answers

    private func coded(_ answer: HTTPResponse, for request: HTTPRequest) -> HTTPResponse {
        if answer.status == 304 { return Self.withTagOfCaller(answer, request) }
        guard Self.isWorthIt(answer) else { return answer }
        var coded = answer
        let vary = answer.headers.all("Vary").joined(separator: ", ")
        coded.headers.set("Vary", vary.isEmpty ? "Accept-Encoding" : "\(vary), Accept-Encoding")
        guard AcceptedCodings(request.headers).prefersGzip, let body = Self.compressed(answer.body) else {
            return coded
        }
        coded.headers.set("Content-Encoding", "gzip")
        if let tag = answer.headers["ETag"], tag.hasPrefix("\""), tag.hasSuffix("\""), tag.utf8.count > 1 {
            coded.headers.set("ETag", tag.dropLast() + "\(Self.suffix)\"")
        }
        coded.body = body
        // What stands is told again by whoever made it.
        coded.standing = nil
        return coded
    }

    private static func isWorthIt(_ answer: HTTPResponse) -> Bool {
        switch answer.body {
        case .octets(let octets) where octets.count < leastOctets: return false
        case .problem: return false
        case .octets, .stream: break
        }
        guard answer.headers["Content-Encoding"] == nil, answer.headers["Content-Range"] == nil,
            let type = answer.headers["Content-Type"]?.split(separator: ";").first
        else { return false }
        return types.contains(type.lowercased())
    }

    private static func compressed(_ body: HTTPResponse.Body) -> HTTPResponse.Body? {
        switch body {
        case .octets(let octets) where octets.count <= pieceOctets:
            guard var gzip = GzipStream() else { return nil }
            return .octets(gzip.compress(octets, .end))
        case .octets(let octets):
            return .stream(HTTPBodyStream { try await send(octets, to: $0) })
        case .stream(let stream):
            return .stream(
                HTTPBodyStream { target in
                    guard let gzip = GzipStream() else { throw HTTPStreamClosed() }
                    let body = GzipBody(gzip, to: target)
                    try await stream.produce(body)
                    try await body.finish()
                }
            )
        case .problem: return nil
        }
    }

    private static func send(_ octets: [UInt8], to target: any HTTPBodyWriter) async throws {
        guard var gzip = GzipStream() else { throw HTTPStreamClosed() }
        var start = 0
        while start < octets.count {
            let end = min(start + pieceOctets, octets.count)
            let piece = octets.withUnsafeBytes { octets in
                gzip.compress(
                    UnsafeRawBufferPointer(rebasing: octets[start..<end]),
                    end == octets.count ? .end : .whenFull
                )
            }
            if !piece.isEmpty { try await target.write(piece) }
            start = end
            await Task.yield()
        }
    }

    // MARK: Entity tags

    /// The request with the tags of compressed forms replaced by those of the octets that they stand for.
    private static func withPlainTags(_ request: HTTPRequest) -> HTTPRequest {
        var headers = request.headers
        var isChanged = false
        for name in ["If-Match", "If-None-Match"] {
            let tags = request.headers.list(name)
            let plain = tags.map(plainTag)
            guard plain != tags else { continue }
            headers.set(name, plain.joined(separator: ", "))
            isChanged = true
        }
        return isChanged ? request.with(headers) : request
    }

    /// The answer that nothing has changed, with the tag by which the caller has it.
    private static func withTagOfCaller(_ answer: HTTPResponse, _ request: HTTPRequest) -> HTTPResponse {
        guard let tag = answer.headers["ETag"],
            let known = request.headers.list("If-None-Match").first(where: { $0 != tag && plainTag($0) == tag })
        else { return answer }
        return answer.with("ETag", known)
    }

    private static func plainTag(_ tag: String) -> String {
        guard tag.hasPrefix("\""), tag.hasSuffix("\(suffix)\"") else { return tag }
        return tag.dropLast(suffix.utf8.count + 1) + "\""
    }
}
