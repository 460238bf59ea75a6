// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

extension ServiceRequest {
    /// The objects that are meant.
    var objects: [(classID: UInt16, logicalName: OBISCode)] {
        switch self {
        case .get(let requests): requests.map { ($0.descriptor.classID, $0.descriptor.instanceID) }
        case .set(let writes): writes.map { ($0.request.descriptor.classID, $0.request.descriptor.instanceID) }
        case .unconfirmedSet(let write): [(write.request.descriptor.classID, write.request.descriptor.instanceID)]
        case .action(let method, _): [(method.classID, method.instanceID)]
        case .actions(let invocations): invocations.map { ($0.method.classID, $0.method.instanceID) }
        case .access, .text: []
        }
    }
}

extension ServiceRequest {
    /// The methods that are to be invoked.
    var methods: [MethodDescriptor] {
        switch self {
        case .get, .set, .unconfirmedSet, .access, .text: []
        case .action(let method, _): [method]
        case .actions(let invocations): invocations.map(\.method)
        }
    }
}

extension ActionOutcome {
    /// The outcome of a method that was invoked by reading its name.
    init(reading result: GetResult?) {
        switch result {
        case .data(let octets): self.init(result: .success, returned: .data(octets))
        case .failure(let reason): self.init(writing: reason)
        case nil: self.init(result: .otherReason)
        }
    }

    /// The outcome of a method that was invoked by writing to its name; both results have the same numbers as far as
    /// they can mean the same.
    init(writing result: DataAccessResult?) {
        let result = result ?? .otherReason
        self.init(result: result.rawValue < 15 ? ActionResult(rawValue: result.rawValue) : .otherReason)
    }
}

extension EngineError {
    /// The result that a confirmedServiceError stands for when it is about the variable asked for.
    var shortNameRefusal: DataAccessResult? {
        guard case .confirmedServiceError(let error) = self else { return nil }
        switch (error.errorClass, error.error) {
        // definition
        case (4, 1): return .objectUndefined
        case (4, 2), (4, 3): return .objectClassInconsistent
        // access
        case (5, 1): return .scopeOfAccessViolated
        case (5, 2): return .readWriteDenied
        case (5, 3): return .hardwareFault
        case (5, 4): return .objectUnavailable
        case (4, _), (5, _): return .otherReason
        default: return nil
        }
    }

    /// Whether the server refused an association because of the way in which objects would be named.
    ///
    /// Servers name the application context, or find the proposed conformance incompatible because
    /// they have none of its services.
    var isAboutContext: Bool {
        switch self {
        case .associationRejected(_, .applicationContextNameNotSupported, _): true
        case .associationRejected(_, .noReasonGiven, let error?): error.isAboutContext
        case .confirmedServiceError(let error): error.isAboutContext
        default: false
        }
    }

    /// Whether the server refused one request, so that another may succeed.
    var isAboutRequest: Bool {
        switch self {
        case .exceptionResponse(let exception): exception.stateError != .serviceNotAllowed
        // vde-state-error: there is no association any more, or none that can serve.
        case .confirmedServiceError(let error): error.errorClass != 2
        default: false
        }
    }
}

extension ConfirmedServiceError {
    /// Whether it is application-context-unsupported or incompatible-conformance.
    fileprivate var isAboutContext: Bool {
        (errorClass, error) == (0, 4) || (errorClass, error) == (6, 2)
    }
}

extension Awaited {
    /// The same when the exchange invokes a method.
    var ofMethod: Awaited {
        switch self {
        case .getResponse: .actionResponse
        case .getBlock: .actionBlock
        default: self
        }
    }
}
