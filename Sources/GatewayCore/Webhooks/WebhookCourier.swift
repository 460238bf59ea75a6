// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet

/// Brings what the gateway tells to those who are told; the only way by which webhooks leave the process.
public protocol WebhookCourier: Sendable {
    /// Why a URL may not be called, in words; nil when it may, or when that cannot be known now.
    func objection(to url: WebhookURL) async -> String?

    /// Sends a letter once and waits for the answer.
    func deliver(_ letter: WebhookLetter, to url: WebhookURL) async throws(WebhookFault) -> WebhookReply
}

/// What is sent to a webhook.
public struct WebhookLetter: Sendable {
    /// Fields of the request.
    public let fields: [(name: String, value: String)]
    /// The body.
    public let body: [UInt8]
}

/// What the receiver answered.
public struct WebhookReply: Hashable, Sendable {
    /// The status code.
    public var status: Int
    /// The field Retry-After, if there is one.
    public var retryAfter: String?

    /// Makes a reply.
    public init(status: Int, retryAfter: String? = nil) {
        self.status = status
        self.retryAfter = retryAfter
    }
}

/// Why there was no answer, in words without a secret.
public struct WebhookFault: Error, Hashable, Sendable {
    /// The words.
    public let reason: String

    /// Makes a fault.
    public init(reason: String) {
        self.reason = reason
    }
}
