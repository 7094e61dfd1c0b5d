From Coq Require Import Reals Lra Lia Psatz Nsatz ZArith.
Open Scope R_scope.

(* Graphs of the operations that are not polynomials. *)

Definition is_sign (x y : R) :=
  (x > 0 /\ y = 1) \/ (x = 0 /\ y = 0) \/ (x < 0 /\ y = -1).
Definition is_abs (x y : R) := (x >= 0 /\ y = x) \/ (x < 0 /\ y = - x).
Definition is_min (a b y : R) := (a <= b /\ y = a) \/ (a > b /\ y = b).
Definition is_max (a b y : R) := (a >= b /\ y = a) \/ (a < b /\ y = b).
Definition is_inverse (x y : R) := x <> 0 -> x * y = 1.
Definition is_root (x y : R) := x >= 0 -> y >= 0 /\ y * y = x.
Definition is_floor (x : R) (k : Z) := IZR k <= x /\ x < IZR k + 1.

(* What is shown of π is shown of every number between these bounds: the construction of π itself
   rests on the law of excluded middle, which nothing else here needs. *)

Definition like_pi (y : R) := 3.14159265 < y /\ y < 3.14159266.

(* Each has a value ... *)

Lemma sign_total : forall x, exists y, is_sign x y.
Proof.
  intros x; destruct (total_order_T x 0) as [[H|H]|H].
  - exists (-1); right; right; lra.
  - exists 0; right; left; lra.
  - exists 1; left; lra.
Qed.

Lemma abs_total : forall x, is_abs x (Rabs x).
Proof. intros x; unfold is_abs, Rabs; destruct (Rcase_abs x); lra. Qed.

Lemma min_total : forall a b, is_min a b (Rmin a b).
Proof. intros a b; unfold is_min, Rmin; destruct (Rle_dec a b); lra. Qed.

Lemma max_total : forall a b, is_max a b (Rmax a b).
Proof. intros a b; unfold is_max, Rmax; destruct (Rle_dec a b); lra. Qed.

Lemma inverse_total : forall x, is_inverse x (/ x).
Proof. intros x H; apply Rinv_r; exact H. Qed.

Lemma root_total : forall x, is_root x (sqrt x).
Proof. intros x H; split; [apply Rle_ge, sqrt_pos | apply sqrt_sqrt; lra]. Qed.

Lemma floor_total : forall x, is_floor x (Int_part x).
Proof. intros x; destruct (base_Int_part x); split; lra. Qed.

(* ... and only one, where the operation is defined. *)

Lemma sign_unique : forall x y z, is_sign x y -> is_sign x z -> y = z.
Proof. unfold is_sign; intros; lra. Qed.

Lemma abs_unique : forall x y z, is_abs x y -> is_abs x z -> y = z.
Proof. unfold is_abs; intros; lra. Qed.

Lemma min_unique : forall a b y z, is_min a b y -> is_min a b z -> y = z.
Proof. unfold is_min; intros; lra. Qed.

Lemma max_unique : forall a b y z, is_max a b y -> is_max a b z -> y = z.
Proof. unfold is_max; intros; lra. Qed.

Lemma inverse_unique : forall x y z, x <> 0 -> is_inverse x y -> is_inverse x z -> y = z.
Proof.
  unfold is_inverse; intros x y z H Hy Hz.
  apply (Rmult_eq_reg_l x); [rewrite (Hy H), (Hz H); reflexivity | exact H].
Qed.

Lemma root_unique : forall x y z, x >= 0 -> is_root x y -> is_root x z -> y = z.
Proof.
  unfold is_root; intros x y z H Hy Hz.
  destruct (Hy H) as [Py Sy]; destruct (Hz H) as [Pz Sz].
  apply Rsqr_inj; try lra; unfold Rsqr; lra.
Qed.

Lemma floor_unique : forall x j k, is_floor x j -> is_floor x k -> j = k.
Proof.
  unfold is_floor; intros x j k Hj Hk.
  assert (j < k + 1)%Z by (apply lt_IZR; rewrite plus_IZR; lra).
  assert (k < j + 1)%Z by (apply lt_IZR; rewrite plus_IZR; lra).
  lia.
Qed.

(* Facts that the scripts use. *)

(* A disjunction that linear arithmetic is not to look into. *)
Definition either (A B : Prop) := A \/ B.

Lemma inverse_positive : forall x y, x > 0 -> is_inverse x y -> y > 0 /\ x * y = 1.
Proof. unfold is_inverse; intros x y H Hy; assert (x * y = 1) by (apply Hy; lra); nra. Qed.

Lemma inverse_negative : forall x y, x < 0 -> is_inverse x y -> y < 0 /\ x * y = 1.
Proof. unfold is_inverse; intros x y H Hy; assert (x * y = 1) by (apply Hy; lra); nra. Qed.

Lemma inverse_cases : forall x y, is_inverse x y ->
  (x > 0 /\ y > 0 /\ x * y = 1) \/ x = 0 \/ (x < 0 /\ y < 0 /\ x * y = 1).
Proof.
  intros x y H; destruct (total_order_T x 0) as [[L|E]|G].
  - right; right; split; [exact L | exact (inverse_negative x y L H)].
  - right; left; exact E.
  - left; split; [lra | apply (inverse_positive x y); [lra | exact H]].
Qed.

Lemma inverse_value : forall x y, x * y = 1 -> y = / x.
Proof.
  intros x y H; assert (x <> 0) as N by (intro; subst; lra).
  apply (Rmult_eq_reg_l x); [rewrite H, Rinv_r; [reflexivity | exact N] | exact N].
Qed.

Lemma square_nonnegative : forall x, 0 <= x * x.
Proof. exact Rle_0_sqr. Qed.

Lemma between_roots : forall x a b, a >= 0 -> b >= 0 -> x * x <= a * a * (b * b) ->
  - (a * b) <= x <= a * b.
Proof. intros x a b A B H; assert (a * b >= 0) by nra; split; nra. Qed.

Lemma one_at_least : forall k, IZR k > 0 -> IZR k >= 1.
Proof. intros k H; apply Rle_ge, IZR_le; apply Rgt_lt, lt_IZR in H; lia. Qed.

Lemma integers_apart : forall j k, either (IZR j <= IZR k) (IZR k + 1 <= IZR j).
Proof.
  intros j k; destruct (Z_le_gt_dec j k) as [L|G]; [left; apply IZR_le; exact L | right].
  rewrite <- plus_IZR; apply IZR_le; lia.
Qed.

Lemma next_integer : forall j k x y, x = IZR j -> y = IZR k -> x < y -> x + 1 <= y.
Proof.
  intros j k x y -> -> H; rewrite <- plus_IZR; apply IZR_le; apply lt_IZR in H; lia.
Qed.

Lemma root_cases : forall x y, is_root x y -> x < 0 \/ (x >= 0 /\ y >= 0 /\ y * y = x).
Proof.
  intros x y H; destruct (Rlt_dec x 0) as [L|L]; [left; exact L | right].
  assert (x >= 0) by lra; split; [assumption | apply H; assumption].
Qed.

Lemma root_between : forall x y low high, is_root x y ->
  0 <= low -> 0 <= high -> low * low <= x -> x <= high * high -> low <= y <= high.
Proof.
  unfold is_root; intros x y low high H Pl Ph L U.
  assert (x >= 0) as X by nra; destruct (H X) as [P S]; split; nra.
Qed.

Lemma root_product : forall a b x y z, a >= 0 -> b >= 0 ->
  is_root a x -> is_root b y -> is_root (a * b) z -> z = x * y.
Proof.
  intros a b x y z A B X Y Z; destruct (X A) as [Px Sx]; destruct (Y B) as [Py Sy].
  apply (root_unique (a * b)); [nra | exact Z | intros _; split; [nra|]].
  replace (x * y * (x * y)) with ((x * x) * (y * y)) by ring; rewrite Sx, Sy; reflexivity.
Qed.

Lemma root_exists : forall x, exists y, is_root x y.
Proof. intros x; exists (sqrt x); exact (root_total x). Qed.

Lemma pi_like_pi : like_pi PI.
Proof.
  unfold like_pi; generalize (PI_2_3_7_ineq 4); unfold tg_alt, PI_2_3_7_tg, Ratan_seq; simpl; lra.
Qed.

Lemma either_first : forall A B, either A B -> (B -> False) -> A.
Proof. unfold either; tauto. Qed.

Lemma either_second : forall A B, either A B -> (A -> False) -> B.
Proof. unfold either; tauto. Qed.

Lemma sign_positive : forall x y, x > 0 -> is_sign x y -> y = 1.
Proof. unfold is_sign; intros; lra. Qed.

Lemma sign_negative : forall x y, x < 0 -> is_sign x y -> y = -1.
Proof. unfold is_sign; intros; lra. Qed.

Lemma sign_zero : forall x y, x = 0 -> is_sign x y -> y = 0.
Proof. unfold is_sign; intros; lra. Qed.

Lemma abs_nonnegative : forall x y, x >= 0 -> is_abs x y -> y = x.
Proof. unfold is_abs; intros; lra. Qed.

Lemma abs_nonpositive : forall x y, x <= 0 -> is_abs x y -> y = - x.
Proof. unfold is_abs; intros; lra. Qed.

(* The tactic. What is forced in a case is concluded first; then cases are split one at a time, the
   innermost operation first, and a branch is closed as soon as linear arithmetic can. What is left
   at a leaf is tried by nonlinear arithmetic, and equations as identities of fractions and by
   Gröbner bases. *)

Ltac eliminate y := first [subst y | idtac].

Ltac split_conjunctions := repeat match goal with H : _ /\ _ |- _ => destruct H end.

Ltac simplify_hypotheses :=
  repeat match goal with
  | H : _ /\ _ |- _ => destruct H
  | H : ?x <> ?y |- _ => apply Rdichotomy in H
  | H : ?A \/ ?B |- _ => change (either A B) in H
  end.

Ltac impossible := let H := fresh in intro H; simplify_hypotheses; lra.

Ltac conclude H T := assert T as H by lra.

Ltac forced :=
  match reverse goal with
  | H : is_sign ?x ?y |- _ =>
      let P := fresh in
      first
        [ conclude P (x > 0); apply (sign_positive x y P) in H
        | conclude P (x < 0); apply (sign_negative x y P) in H
        | conclude P (x = 0); apply (sign_zero x y P) in H ];
      clear P; eliminate y
  | H : is_abs ?x ?y |- _ =>
      let P := fresh in
      first
        [ conclude P (x >= 0); apply (abs_nonnegative x y P) in H
        | conclude P (x <= 0); apply (abs_nonpositive x y P) in H ];
      clear P; eliminate y
  | H : either ?A ?B |- _ =>
      let N := fresh in
      first
        [ assert (A -> False) as N by impossible; apply (either_second A B H) in N; clear H
        | assert (B -> False) as N by impossible; apply (either_first A B H) in N; clear H ]
  end.

Ltac settle_inverse H x y :=
  first
    [ let P := fresh in assert (x > 0) as P by first [assumption | lra | nra];
      apply (inverse_positive x y P) in H
    | let P := fresh in assert (x < 0) as P by first [assumption | lra | nra];
      apply (inverse_negative x y P) in H
    | apply inverse_cases in H ].

Ltac settle_root H x y :=
  first
    [ let P := fresh in assert (x >= 0) as P by first [assumption | lra | nra]; apply H in P;
      clear H
    | apply root_cases in H ].

Ltac one_graph :=
  match reverse goal with
  | H : is_sign ?x ?y |- _ => destruct H as [[? H]|[[? H]|[? H]]]; eliminate y
  | H : is_abs ?x ?y |- _ => destruct H as [[? H]|[? H]]; eliminate y
  | H : is_min _ _ ?y |- _ => destruct H as [[? H]|[? H]]; eliminate y
  | H : is_max _ _ ?y |- _ => destruct H as [[? H]|[? H]]; eliminate y
  | H : is_inverse ?x ?y |- _ => settle_inverse H x y
  | H : is_root ?x ?y |- _ => settle_root H x y
  | H : is_floor _ _ |- _ => destruct H
  | H : like_pi _ |- _ => destruct H
  | H : either _ _ |- _ => destruct H
  end.

Ltac as_quotients :=
  repeat match goal with
  | H : ?x * ?y = 1 |- _ => is_var y; apply inverse_value in H; subst y
  end.

Ltac not_zero := repeat split; first [assumption | lra | timeout 2 nra].

Ltac by_field := solve [as_quotients; timeout 5 field; not_zero].

Ltac leaf := first [lra | by_field | timeout 5 nra | solve [timeout 5 nsatz]].

(* Integers: a relation of sums of them is sharpened, x < y to x + 1 <= y; and they are compared
   with one another, and with −1, 0 and 1. *)

Ltac integer_term x :=
  lazymatch x with
  | ?a + ?b => let j := integer_term a in let k := integer_term b in constr:((j + k)%Z)
  | ?a - ?b => let j := integer_term a in let k := integer_term b in constr:((j - k)%Z)
  | ?a * ?b => let j := integer_term a in let k := integer_term b in constr:((j * k)%Z)
  | - ?a => let j := integer_term a in constr:((- j)%Z)
  | IZR ?k => k
  end.

Ltac as_integer := rewrite ?plus_IZR, ?minus_IZR, ?mult_IZR, ?opp_IZR; reflexivity.

Ltac sharpen :=
  match goal with
  | H : ?x < ?y |- _ =>
      let j := integer_term x in let k := integer_term y in
      apply (next_integer j k x y ltac:(as_integer) ltac:(as_integer)) in H
  | H : ?y > ?x |- _ =>
      let j := integer_term x in let k := integer_term y in
      apply (next_integer j k x y ltac:(as_integer) ltac:(as_integer)) in H
  end.

Definition compared (j k : Z) := True.

Ltac compare j k :=
  lazymatch goal with
  | _ : compared j k |- _ => fail
  | _ =>
      assert (compared j k) by exact I;
      let H := fresh in pose proof (integers_apart j k) as H; rewrite ?plus_IZR in H
  end.

Ltac compare_pairs :=
  repeat match goal with k : Z |- _ =>
    first [compare k 0%Z | compare k (-1)%Z | compare 0%Z k | compare 1%Z k] end;
  repeat match goal with j : Z, k : Z |- _ => compare j k end.

Ltac compare_sums :=
  match goal with j : Z, k : Z, l : Z |- _ =>
    first [compare (j + k)%Z l | compare l (j + k)%Z] end;
  repeat match goal with j : Z, k : Z, l : Z |- _ =>
    lazymatch goal with _ : compared (k + j)%Z l |- _ => fail | _ => idtac end;
    first [compare (j + k)%Z l | compare l (j + k)%Z] end.

Ltac one_comparison :=
  lazymatch goal with
  | _ : compared (_ + _)%Z _ |- _ => fail
  | _ : compared _ _ |- _ => compare_sums
  | k : Z |- _ => compare_pairs
  end.

Ltac every_goal t := repeat match goal with |- _ /\ _ => split end; t.

Ltac by_goal := lazymatch goal with |- False => fail | _ => every_goal lra end.

Ltac search at_leaf :=
  simplify_hypotheses;
  tryif solve [exfalso; lra] then idtac
  else tryif forced then search at_leaf
  else tryif solve [by_goal] then idtac
  else tryif one_graph then search at_leaf
  else tryif sharpen then search at_leaf
  else tryif one_comparison then search at_leaf
  else every_goal at_leaf.

Ltac same := every_goal ltac:(lazymatch goal with |- ?x = ?x => reflexivity end).

Ltac unfolded :=
  unfold is_sign, is_abs, is_min, is_max, is_floor, like_pi in *; lra.

(* Integers: relations between polynomials in them are read as relations of integers. *)

Ltac read_integers :=
  repeat first
    [ rewrite <- plus_IZR in * | rewrite <- minus_IZR in * | rewrite <- mult_IZR in *
    | rewrite <- opp_IZR in * ];
  repeat match goal with
  | H : IZR _ <= IZR _ |- _ => apply le_IZR in H
  | H : IZR _ < IZR _ |- _ => apply lt_IZR in H
  | H : IZR _ >= IZR _ |- _ => apply Rge_le, le_IZR in H
  | H : IZR _ > IZR _ |- _ => apply Rgt_lt, lt_IZR in H
  | H : IZR _ = IZR _ |- _ => apply eq_IZR in H
  | H : Z.Even _ |- _ => destruct H
  | H : Z.Odd _ |- _ => destruct H
  end;
  match goal with
  | |- IZR _ <= IZR _ => apply IZR_le
  | |- IZR _ < IZR _ => apply IZR_lt
  | |- IZR _ >= IZR _ => apply Rle_ge, IZR_le
  | |- IZR _ > IZR _ => apply IZR_lt
  | |- IZR _ = IZR _ => apply f_equal
  | |- IZR _ <> IZR _ => let H := fresh in intro H; apply eq_IZR in H
  | |- _ => exfalso
  end; lia.

Ltac certify :=
  lazymatch goal with
  | |- Z.Even _ => apply Z.even_spec; reflexivity
  | |- Z.Odd _ => apply Z.odd_spec; reflexivity
  | |- _ =>
      first [ same | timeout 2 unfolded | search leaf | every_goal read_integers ]
  end.

(* By contradiction: the negation of the goal, given as a proposition, joins the hypotheses, and
   products that have a sign join them at the leaves. *)

Ltac note P :=
  let T := type of P in
  lazymatch goal with _ : T |- _ => fail | _ => pose proof P end.

Ltac without y a := lazymatch a with context [y] => fail | _ => idtac end.

Ltac one_product :=
  match goal with
  | H : ?x > 0, K : ?y > 0 |- _ => is_var x; is_var y; note (Rmult_gt_0_compat x y H K)
  | H : ?x >= 0, K : ?y >= 0 |- _ =>
      is_var x; is_var y; note (Rmult_le_pos x y (Rge_le _ _ H) (Rge_le _ _ K))
  | H : ?x > 0, K : ?y >= 0 |- _ =>
      is_var x; is_var y; note (Rmult_le_pos x y (Rlt_le _ _ H) (Rge_le _ _ K))
  | H : ?x * ?x <= ?a * ?a * (?b * ?b), A : ?a >= 0, B : ?b >= 0 |- _ =>
      note (between_roots x a b A B H)
  | H : IZR ?k > 0 |- _ => note (one_at_least k H)
  | H : ?a > ?b, K : ?y > 0 |- _ =>
      is_var y; without y a; without y b; note (Rmult_gt_compat_r y a b K H)
  | H : ?a < ?b, K : ?y > 0 |- _ =>
      is_var y; without y a; without y b; note (Rmult_lt_compat_r y a b K H)
  end.

Ltac one_factor :=
  match goal with
  | H : ?x * ?y = 0 |- _ => apply Rmult_integral in H; destruct H
  | H : ?x = 0 |- _ => is_var x; subst x
  end.

Ltac hard_leaf :=
  first
    [ lra
    | timeout 5 nra
    | one_factor; split_conjunctions; hard_leaf
    | do 12 (try one_product); split_conjunctions; first [lra | timeout 10 nra] ].

Lemma or_decided : forall A B C D, A \/ C -> B \/ D -> (A \/ B) \/ (C /\ D).
Proof. tauto. Qed.

Lemma and_decided : forall A B C D, A \/ C -> B \/ D -> (A /\ B) \/ (C \/ D).
Proof. tauto. Qed.

Ltac decided :=
  lazymatch goal with
  | |- (_ \/ _) \/ (_ /\ _) => apply or_decided; decided
  | |- (_ /\ _) \/ (_ \/ _) => apply and_decided; decided
  | |- _ => lra
  end.

Ltac refute N :=
  let H := fresh "goal_or_not" in
  match goal with |- ?G => assert (G \/ N) as H by decided end;
  destruct H as [H|H]; [exact H | exfalso; search hard_leaf].
