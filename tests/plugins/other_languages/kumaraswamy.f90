! SPDX-License-Identifier: GPL-3.0-or-later
! A plugin in Fortran: the Kumaraswamy distribution of attentiveness,
!   P(eta <= x) = 1 - (1 - x**a)**b on [0, 1],
! much like a Beta, but with an inverse in closed form.
! P. Kumaraswamy, Journal of Hydrology 46 (1980), 79-88.
! Functions and their arguments: heed/distribution.h.  Descriptor:
! kumaraswamy.c.
module kumaraswamy
  use, intrinsic :: iso_c_binding
  use, intrinsic :: ieee_arithmetic, only: ieee_negative_inf, ieee_value
  implicit none

  ! heed_value, of heed/schema.h.
  type, bind(c) :: heed_value
    integer(c_int32_t) :: kind
    logical(c_bool) :: given
    real(c_double) :: number
    integer(c_int64_t) :: integer
    type(c_ptr) :: text
    integer(c_size_t) :: count
    type(c_ptr) :: items, keys, instance
  end type

contains

  ! self is the values themselves: a and b.
  function shapes_of(self) result(shapes)
    type(c_ptr), intent(in) :: self
    real(c_double) :: shapes(2)
    type(heed_value), pointer :: values(:)
    call c_f_pointer(self, values, [2])
    shapes = values%number
  end function

  ! P(eta > x); 1 - x**a loses nothing where x is near 1.
  elemental real(c_double) function beyond(x, a, b)
    real(c_double), intent(in) :: x, a, b
    beyond = (1 - x**a)**b
  end function

  integer(c_int32_t) function quantile(self, count, u, eta, error) &
      bind(c, name="kumaraswamy_quantile")
    type(c_ptr), value :: self, error
    integer(c_size_t), value :: count
    real(c_double), intent(in) :: u(count)
    real(c_double), intent(out) :: eta(count)
    real(c_double) :: ab(2)
    ab = shapes_of(self)
    eta = (1 - (1 - u)**(1 / ab(2)))**(1 / ab(1))
    quantile = 0
  end function

  integer(c_size_t) function theta_count(self) &
      bind(c, name="kumaraswamy_theta_count")
    type(c_ptr), value :: self
    theta_count = 2
  end function

  subroutine theta(self, shapes) &
      bind(c, name="kumaraswamy_theta")
    type(c_ptr), value :: self
    real(c_double), intent(out) :: shapes(2)
    shapes = shapes_of(self)
  end subroutine

  ! The Beta of that mean and variance is near enough for a start.
  subroutine start(self, mean, variance, shapes) &
      bind(c, name="kumaraswamy_start")
    type(c_ptr), value :: self
    real(c_double), value :: mean, variance
    real(c_double), intent(out) :: shapes(2)
    real(c_double) :: centre, total
    centre = min(max(mean, 0.02d0), 0.98d0)
    total = centre * (1 - centre) / max(variance, 1d-3) - 1
    total = min(max(total, 0.2d0), 100d0)
    shapes = [centre * total, (1 - centre) * total]
  end subroutine

  integer(c_size_t) function node_count(self, wanted) &
      bind(c, name="kumaraswamy_node_count")
    type(c_ptr), value :: self
    integer(c_size_t), value :: wanted
    node_count = wanted
  end function

  ! The middles of equal cells.
  subroutine nodes(self, shapes, count, at) &
      bind(c, name="kumaraswamy_nodes")
    type(c_ptr), value :: self
    integer(c_size_t), value :: count
    real(c_double), intent(in) :: shapes(2)
    real(c_double), intent(out) :: at(count)
    integer(c_size_t) :: k
    at = [((k - 0.5d0) / count, k = 1, count)]
  end subroutine

  ! The probability of each cell: they sum to 1.
  subroutine log_weights(self, shapes, count, at, log_weight) &
      bind(c, name="kumaraswamy_log_weights")
    type(c_ptr), value :: self
    integer(c_size_t), value :: count
    real(c_double), intent(in) :: shapes(2), at(count)
    real(c_double), intent(out) :: log_weight(count)
    real(c_double) :: mass
    integer(c_size_t) :: k
    do k = 1, count
      mass = beyond(real(k - 1, c_double) / count, shapes(1), shapes(2)) &
           - beyond(real(k, c_double) / count, shapes(1), shapes(2))
      log_weight(k) = ieee_value(mass, ieee_negative_inf)
      if (mass > 0) log_weight(k) = log(mass)
    end do
  end subroutine

  integer(c_size_t) function free_count(self) &
      bind(c, name="kumaraswamy_free_count")
    type(c_ptr), value :: self
    free_count = 2
  end function

  subroutine to_free(self, shapes, free) &
      bind(c, name="kumaraswamy_to_free")
    type(c_ptr), value :: self
    real(c_double), intent(in) :: shapes(2)
    real(c_double), intent(out) :: free(2)
    free = log(shapes)
  end subroutine

  subroutine from_free(self, free, shapes) &
      bind(c, name="kumaraswamy_from_free")
    type(c_ptr), value :: self
    real(c_double), intent(in) :: free(2)
    real(c_double), intent(out) :: shapes(2)
    shapes = min(max(exp(free), 1d-2), 1d3)
  end subroutine

end module
